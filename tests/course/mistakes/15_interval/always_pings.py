# said: interval([None], 2) should be
import math


def interval(timeouts, late):
    cut = [seconds for seconds in timeouts if seconds is not None] or [60]
    best = math.ceil((min(cut) - late) / 2) - 1
    if best < 1:
        raise ValueError("too short")
    return best
