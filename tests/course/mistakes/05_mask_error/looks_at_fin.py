# said: should be
def mask_error(frame, receiver):
    masked = bool(frame[0] & 0x80)
    return None if masked == (receiver == "server") else 1002
