# said: interval([60], 0) should be a whole number, an int; got 29.9
def interval(timeouts, late):
    cut = [seconds for seconds in timeouts if seconds is not None]
    if not cut:
        return None
    best = (min(cut) - late) / 2 - 0.1
    if best < 1:
        raise ValueError("too short")
    return best
