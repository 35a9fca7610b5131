# said: should be
def mask_error(frame, receiver):
    return bool(frame[1] & 0x80) != (receiver == "server")
