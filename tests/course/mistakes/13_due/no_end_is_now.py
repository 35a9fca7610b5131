# said: with no end
def due(expires, now, told):
    if expires is None or now >= expires:
        return "close"
    return "tell" if now >= expires - 60 and not told else None
