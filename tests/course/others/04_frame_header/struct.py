import struct


def frame_header(fin, opcode, length, key):
    first = (0b1000_0000 if fin else 0) + opcode
    mask = 128 if key is not None else 0
    if length <= 125:
        head = struct.pack("!BB", first, mask + length)
    elif length <= 0xFFFF:
        head = struct.pack("!BBH", first, mask + 126, length)
    else:
        head = struct.pack("!BBQ", first, mask + 127, length)
    return head if key is None else head + key
