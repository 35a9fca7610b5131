# said: should be
import math


def interval(timeouts, late):
    cut = [seconds for seconds in timeouts if seconds is not None]
    if not cut:
        return None
    best = math.ceil((max(cut) - late) / 2) - 1
    if best < 1:
        raise ValueError("too short")
    return best
