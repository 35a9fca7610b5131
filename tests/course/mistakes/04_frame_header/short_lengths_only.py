# said: your code raised
def frame_header(fin, opcode, length, key):
    first = fin << 7 | opcode
    bit = 0x80 if key is not None else 0
    head = bytes([first, bit | length])
    return head + (key or b"")
