# said: TypeError
def due(expires, now, told):
    if now >= expires:
        return "close"
    return "tell" if now >= expires - 60 and not told else None
