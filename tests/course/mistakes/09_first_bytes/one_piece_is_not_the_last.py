# said: should be
def first_bytes(pieces, text):
    first = 0x41 if text else 0x42
    return bytes([first] + [0] * (pieces - 2) + [0x80] * (pieces > 1))
