# said: should be
def order_error(frames):
    inside, wrong = False, None
    for number, (fin, opcode) in enumerate(frames):
        if opcode < 8:
            if (opcode == 0) != inside:
                wrong = number
            inside = not fin
    return wrong
