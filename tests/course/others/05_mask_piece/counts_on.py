from itertools import cycle, islice


def mask_piece(data, key, offset):
    keys = islice(cycle(key), offset % 4, None)
    return bytearray(byte ^ next(keys) for byte in data)
