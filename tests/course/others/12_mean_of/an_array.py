import sys
from array import array


def mean_of(payload):
    numbers = array("d")
    numbers.frombytes(payload)  # raises ValueError itself
    if not numbers:
        raise ValueError("no number")
    if sys.byteorder == "big":
        numbers.byteswap()
    mean = array("d", [sum(numbers) / len(numbers)])
    if sys.byteorder == "big":
        mean.byteswap()
    return mean.tobytes()
