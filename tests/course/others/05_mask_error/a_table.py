def mask_error(frame, receiver):
    table = {("server", 0): 1002, ("client", 1): 1002}
    return table.get((receiver, frame[1] >> 7))
