import struct


def refuse(head, most):
    length = head[1] & 127
    if length == 126:
        (length,) = struct.unpack(">H", head[2:4])
    elif length == 127:
        (length,) = struct.unpack(">Q", head[2:10])
    if length >= 2**63:
        return 1002
    if length > most:
        return 1009
    return None
