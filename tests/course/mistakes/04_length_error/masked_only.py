# said: should be True; got False
def length_error(data):
    if data[1] == 0xFE:
        return int.from_bytes(data[2:4], "big") < 126
    if data[1] == 0xFF:
        return not 65536 <= int.from_bytes(data[2:10], "big") < 1 << 63
    return False
