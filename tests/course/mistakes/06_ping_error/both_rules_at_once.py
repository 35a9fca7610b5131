# said: should be
def ping_error(fin, payload):
    return 1002 if not fin and len(payload) > 125 else None
