def order_error(frames):
    data = [(number, fin, opcode) for number, (fin, opcode) in enumerate(frames) if opcode < 8]
    before = [True, *[fin for _, fin, _ in data]]
    wrong = (n for (n, _, opcode), fin in zip(data, before, strict=False) if fin == (opcode == 0))
    return next(wrong, None)
