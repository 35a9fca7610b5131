# said: told before, should be None
def due(expires, now, told):
    if expires is None:
        return None
    if now >= expires:
        return "close"
    return "tell" if now >= expires - 60 else None
