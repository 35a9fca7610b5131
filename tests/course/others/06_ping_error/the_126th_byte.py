def ping_error(fin, payload):
    return 1002 if payload[125:] or not fin else None
