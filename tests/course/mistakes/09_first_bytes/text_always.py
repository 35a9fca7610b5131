# said: should be
def first_bytes(pieces, text):
    frames = bytearray(pieces)
    frames[0] = 0x41
    frames[-1] |= 0x80
    return bytes(frames)
