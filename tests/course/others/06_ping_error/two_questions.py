def ping_error(fin, payload):
    if not fin:
        return 1002
    if len(payload) > 125:
        return 1002
    return None
