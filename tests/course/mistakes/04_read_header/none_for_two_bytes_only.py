# said: should be None
def read_header(data):
    if len(data) < 2:
        return None
    fin, opcode = bool(data[0] & 0x80), data[0] & 0x0F
    length, size = data[1] & 0x7F, 2
    if length == 126:
        length, size = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, size = int.from_bytes(data[2:10], "big"), 10
    key = None
    if data[1] & 0x80:
        key, size = data[size : size + 4], size + 4
    return fin, opcode, length, key, size
