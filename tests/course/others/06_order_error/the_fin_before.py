def order_error(frames):
    last_fin = True
    for number, (fin, opcode) in enumerate(frames):
        if opcode in (0, 1, 2):
            if last_fin and opcode == 0:
                return number
            if not last_fin and opcode != 0:
                return number
            last_fin = fin
    return None
