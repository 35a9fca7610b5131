# said: interval([60], 5) should be 27; got 29
import math


def interval(timeouts, late):
    cut = [seconds for seconds in timeouts if seconds is not None]
    if not cut:
        return None
    best = math.ceil(min(cut) / 2) - 1
    if best < 1:
        raise ValueError("too short")
    return best
