# said: got 'close'
def due(expires, now, told):
    return "close" if expires is not None and now >= expires - 60 else None
