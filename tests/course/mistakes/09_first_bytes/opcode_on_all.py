# said: should be
def first_bytes(pieces, text):
    frames = [0x41 if text else 0x42] * pieces
    frames[-1] |= 0x80
    return bytes(frames)
