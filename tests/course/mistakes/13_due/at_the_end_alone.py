# said: not told before, should be 'tell'
def due(expires, now, told):
    return "close" if expires is not None and now >= expires else None
