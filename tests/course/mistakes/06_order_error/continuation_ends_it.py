# said: should be None; got 2
def order_error(frames):
    inside = False
    for number, (fin, opcode) in enumerate(frames):
        if opcode < 8:
            if (opcode == 0) != inside:
                return number
            inside = opcode != 0 and not fin
