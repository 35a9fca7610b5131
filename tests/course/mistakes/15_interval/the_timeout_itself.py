# said: interval([60], 0) should be 29; got 59
def interval(timeouts, late):
    cut = [seconds for seconds in timeouts if seconds is not None]
    if not cut:
        return None
    best = int(min(cut) - late) - 1
    if best < 1:
        raise ValueError("too short")
    return best
