def first_bytes(pieces, text):
    first = 0b0100_0001 if text else 0b0100_0010
    values = [first, *[0] * (pieces - 1)]
    values[-1] += 128
    return bytearray(values)
