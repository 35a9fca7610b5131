# said: should be 1002; got None
def mask_error(frame, receiver):
    return 1002 if receiver == "server" and not frame[1] & 0x80 else None
