# said: TypeError
import math


def interval(timeouts, late):
    best = math.ceil((min(timeouts, default=1e9) - late) / 2) - 1
    if best < 1:
        raise ValueError("too short")
    return best
