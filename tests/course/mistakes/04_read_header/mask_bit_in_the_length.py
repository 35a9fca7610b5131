# said: should be
def read_header(data):
    if len(data) < 2:
        return None
    fin, opcode = bool(data[0] & 0x80), data[0] & 0x0F
    length, size = data[1] & 0x7F, 2
    length = data[1]
    if length == 126:
        length, size = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, size = int.from_bytes(data[2:10], "big"), 10
    key = None
    if len(data) < size:
        return None
    return fin, opcode, length, key, size
