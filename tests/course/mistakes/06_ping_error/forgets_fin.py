# said: should be
def ping_error(fin, payload):
    return 1002 if len(payload) > 125 else None
