import struct
from statistics import fmean


def mean_of(payload):
    if len(payload) < 8 or len(payload) & 7:
        raise ValueError(f"{len(payload)} bytes")
    mean = fmean(number for (number,) in struct.iter_unpack("<d", payload))
    return bytearray(struct.pack("<d", mean))
