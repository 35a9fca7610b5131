# said: should be
def mask_error(frame, receiver):
    masked = len(frame) > 6
    return None if masked == (receiver == "server") else 1002
