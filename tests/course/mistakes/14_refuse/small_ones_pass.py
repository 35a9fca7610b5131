# said: announces 300 bytes should be 1009
def refuse(head, most):
    length = head[1] & 0x7F
    if length == 126:
        length = int.from_bytes(head[2:4], "big")
    elif length == 127:
        length = int.from_bytes(head[2:10], "big")
    if length >> 63:
        return 1002
    return 1009 if length > max(most, 1000) else None
