# said: should be
def length_error(data):
    if data[1] == 126:
        return int.from_bytes(data[2:4], "big") < 126
    if data[1] == 127:
        length = int.from_bytes(data[2:10], "big")
        return length < 65536 or length >> 63 == 1
    return False
