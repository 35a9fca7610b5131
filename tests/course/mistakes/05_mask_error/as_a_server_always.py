# said: a client
def mask_error(frame, receiver):
    return None if frame[1] & 0x80 else 1002
