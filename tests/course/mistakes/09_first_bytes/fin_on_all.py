# said: should be
def first_bytes(pieces, text):
    return bytes([0xC1 if text else 0xC2] + [0x80] * (pieces - 1))
