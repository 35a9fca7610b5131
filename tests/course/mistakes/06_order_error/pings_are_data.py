# said: should be
def order_error(frames):
    inside = False
    for number, (fin, opcode) in enumerate(frames):
        if (opcode == 0) != inside:
            return number
        inside = not fin
    return None
