def frame_header(fin, opcode, length, key):
    if opcode >= 8 and (not fin or length > 125):
        raise ValueError("a control frame is whole, and of 125 bytes at most")
    size = 0 if length < 126 else 2 if length < 65536 else 8
    form = {0: length, 2: 126, 8: 127}[size]
    first_two = bytes([fin * 128 + opcode, (key is not None) * 128 + form])
    return first_two + length.to_bytes(8, "big")[8 - size :] + (key or b"")
