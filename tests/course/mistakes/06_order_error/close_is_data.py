# said: binary fin=0, close fin=1 should be None
def order_error(frames):
    inside = False
    for number, (fin, opcode) in enumerate(frames):
        if opcode not in (9, 10):
            if (opcode == 0) != inside:
                return number
            inside = not fin
