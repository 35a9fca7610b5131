# said: should be 'close'; got None
def due(expires, now, told):
    if not expires:
        return None
    if now >= expires:
        return "close"
    return "tell" if now >= expires - 60 and not told else None
