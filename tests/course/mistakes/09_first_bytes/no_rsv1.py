# said: should be
def first_bytes(pieces, text):
    frames = bytearray(pieces)
    frames[0] = 1 if text else 2
    frames[-1] |= 0x80
    return bytes(frames)
