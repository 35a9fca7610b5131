# said: should be a whole number
import math


def interval(timeouts, late):
    cutting = [seconds for seconds in timeouts if seconds is not None]
    if not cutting:
        return None
    number = math.ceil((min(cutting) - late) / 2) - 1.0
    if number < 1:
        raise ValueError("no interval is short enough")
    return number
