# said: should be 'close'; got 'tell'
def due(expires, now, told):
    if expires is None or now < expires - 60:
        return None
    if not told:
        return "tell"
    return "close" if now >= expires else None
