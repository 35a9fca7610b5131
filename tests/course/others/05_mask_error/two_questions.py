def mask_error(frame, receiver):
    if receiver == "server" and frame[1] < 128:
        return 1002
    if receiver == "client" and frame[1] >= 128:
        return 1002
