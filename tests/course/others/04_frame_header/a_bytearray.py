def frame_header(fin, opcode, length, key):
    size, form = (0, length) if length < 126 else (2, 126) if length >> 16 == 0 else (8, 127)
    head = bytearray([opcode, form])
    if fin:
        head[0] |= 0x80
    head += length.to_bytes(size, "big") if size else b""
    if key is not None:
        head[1] |= 0x80
        head += key
    return head
