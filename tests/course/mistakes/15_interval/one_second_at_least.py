# said: no interval is short enough: it should raise ValueError; got 1
import math


def interval(timeouts, late):
    cut = [seconds for seconds in timeouts if seconds is not None]
    return max(1, math.ceil((min(cut) - late) / 2) - 1) if cut else None
