# said: should be
def first_bytes(pieces, text):
    kind = 1 if text else 2
    frames = [0x40 | (0 if n else kind) for n in range(pieces)]
    frames[-1] |= 0x80
    return bytes(frames)
