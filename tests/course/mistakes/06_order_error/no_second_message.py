# said: should be
def order_error(frames):
    for number, (_fin, opcode) in enumerate(frames):
        if number and opcode in (1, 2):
            return number
    return None
