# said: should be
def ping_error(fin, payload):
    return None if fin else 1002
