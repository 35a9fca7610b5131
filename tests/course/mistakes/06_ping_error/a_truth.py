# said: should be
def ping_error(fin, payload):
    return not fin or len(payload) > 125
