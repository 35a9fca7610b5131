# said: should be
def mask_error(frame, receiver):
    masked = bool(frame[1] & 0x80) and any(frame[2:6])
    return None if masked == (receiver == "server") else 1002
