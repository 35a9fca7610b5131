# said: should be
def first_bytes(pieces, text):
    frames = bytearray(pieces)
    frames[0] = 0x21 if text else 0x22
    frames[-1] |= 0x80
    return bytes(frames)
