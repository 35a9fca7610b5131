# said: should be
def frame_header(fin, opcode, length, key):
    first, bit, key = fin << 7 | opcode, 0x80 if key is not None else 0, key or b""
    if length < 126:
        return bytes([first, bit | length]) + key
    if length < 65536:
        return bytes([first, bit | 126]) + key + length.to_bytes(2, "big")
    return bytes([first, bit | 127]) + key + length.to_bytes(8, "big")
