# said: should be False; got True
def length_error(data):
    f = data[1] & 127
    if f == 126:
        return int.from_bytes(data[2:4], "big") < 126
    if f == 127:
        return not 65536 <= int.from_bytes(data[2:10], "big") < 1 << 63
    return data[1] > 127
