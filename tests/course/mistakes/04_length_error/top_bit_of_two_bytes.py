# said: should be
def length_error(data):
    form = data[1] & 0x7F
    if form < 126:
        return False
    least, size = (126, 2) if form == 126 else (65536, 8)
    length = int.from_bytes(data[2 : 2 + size], "big")
    return length < least or length >> (8 * size - 1) == 1
