# said: length_error of 81
def length_error(data):
    if data[1] & 0x7F == 126:
        return int.from_bytes(data[2:4], "big") < 126
    length = int.from_bytes(data[2:10], "big")
    return length < 65536 or length >> 63 == 1
