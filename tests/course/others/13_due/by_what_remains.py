def due(expires, now, told):
    left = float("inf") if expires is None else expires - now
    if left <= 0:
        return "close"
    if left <= 60 and not told:
        return "tell"
    return None
