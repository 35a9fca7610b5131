# said: should be
def order_error(frames):
    inside = False
    for fin, opcode in frames:
        if opcode < 8:
            if (opcode == 0) != inside:
                return opcode
            inside = not fin
