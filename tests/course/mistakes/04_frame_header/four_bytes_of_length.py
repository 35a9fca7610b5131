# said: should be
def frame_header(fin, opcode, length, key):
    first, bit = fin << 7 | opcode, 0x80 if key is not None else 0
    if length < 126:
        head = bytes([first, bit | length])
    elif length < 65536:
        head = bytes([first, bit | 126]) + length.to_bytes(2, "big")
    else:
        head = bytes([first, bit | 127]) + length.to_bytes(4, "big")
    return head + (key or b"")
