# said: should be
def due(expires, now, told):
    if expires is None:
        return None
    if now >= expires:
        return "close"
    return "tell" if now >= expires - 60_000 and not told else None
