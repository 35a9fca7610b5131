# said: should be
import math


def header_width(biggest):
    return math.ceil(math.log10(biggest))
