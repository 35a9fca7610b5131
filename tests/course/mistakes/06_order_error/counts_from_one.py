# said: should be
def order_error(frames):
    inside = False
    for number, (fin, opcode) in enumerate(frames, 1):
        if opcode < 8:
            if (opcode == 0) != inside:
                return number
            inside = not fin
