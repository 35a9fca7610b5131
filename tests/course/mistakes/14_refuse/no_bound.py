# said: should be 1009; got None
def refuse(head, most):
    length = head[1] & 0x7F
    if length == 126:
        length = int.from_bytes(head[2:4], "big")
    elif length == 127:
        length = int.from_bytes(head[2:10], "big")
    return 1002 if length >> 63 else None
