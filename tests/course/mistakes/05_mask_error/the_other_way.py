# said: should be
def mask_error(frame, receiver):
    masked = frame[1] >> 7
    return 1002 if masked == (receiver == "server") else None
