# said: should be 100
def refuse(head, most):
    length = head[1] & 0x7F
    return 1009 if length > most else None
