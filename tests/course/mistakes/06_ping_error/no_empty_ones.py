# said: should be
def ping_error(fin, payload):
    return None if fin and payload and len(payload) <= 125 else 1002
