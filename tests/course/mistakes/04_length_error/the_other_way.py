# said: should be
def length_error(data):
    form = data[1] & 0x7F
    if form == 126:
        return int.from_bytes(data[2:4], "big") >= 126
    return form == 127 and int.from_bytes(data[2:10], "big") >= 65536
