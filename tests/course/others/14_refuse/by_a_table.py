def refuse(head, most):
    size = {126: 2, 127: 8}.get(head[1] & 0x7F, 0)
    length = int.from_bytes(head[2 : 2 + size], "big") if size else head[1] & 0x7F
    return 1002 if size == 8 and head[2] & 0x80 else 1009 if length > most else None
