# said: should be
def order_error(frames):
    inside = False
    for number, (fin, opcode) in enumerate(frames):
        if inside and opcode != 0:
            return number
        if not inside and opcode == 0:
            return number
        inside = not fin
    return None
