from itertools import cycle


def mask_payload(data, key):
    return bytearray(a ^ b for a, b in zip(data, cycle(key), strict=False))
