# said: should be 'tell'; got None
def due(expires, now, told):
    if expires is None:
        return None
    if now >= expires:
        return "close"
    return "tell" if now >= expires - 30 and not told else None
