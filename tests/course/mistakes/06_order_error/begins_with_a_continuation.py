# said: should be
def order_error(frames):
    inside = False
    for number, (fin, opcode) in enumerate(frames):
        if opcode >= 8:
            continue
        if inside and opcode != 0:
            return number
        inside = not fin
    return None
