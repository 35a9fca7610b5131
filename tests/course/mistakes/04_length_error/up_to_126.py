# said: should be
def length_error(data):
    form = data[1] & 0x7F
    if form == 126:
        return int.from_bytes(data[2:4], "big") <= 125
    if form == 127:
        length = int.from_bytes(data[2:10], "big")
        return length <= 65536 or length >> 63 == 1
    return False
