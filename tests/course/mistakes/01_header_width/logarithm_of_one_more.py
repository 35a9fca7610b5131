# said: header_width(10_000_000_000_000_000) should be 17; got 16
import math


def header_width(biggest):
    return math.ceil(math.log10(biggest + 1)) if biggest else 1
