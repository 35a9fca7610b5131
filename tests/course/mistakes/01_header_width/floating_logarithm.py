# said: should be
import math


def header_width(biggest):
    return int(math.log10(max(biggest, 1))) + 1
