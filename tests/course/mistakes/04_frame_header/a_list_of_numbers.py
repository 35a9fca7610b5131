# said: should be
def frame_header(fin, opcode, length, key):
    head = [fin << 7 | opcode, (0x80 if key else 0) | length]
    return head + list(key or b"")
