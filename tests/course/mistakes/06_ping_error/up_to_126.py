# said: should be
def ping_error(fin, payload):
    return None if fin and len(payload) <= 126 else 1002
