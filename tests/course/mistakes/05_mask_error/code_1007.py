# said: should be 1002; got 1007
def mask_error(frame, receiver):
    masked = bool(frame[1] & 0x80)
    return None if masked == (receiver == "server") else 1007
