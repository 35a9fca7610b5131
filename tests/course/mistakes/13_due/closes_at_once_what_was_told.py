# said: told before, should be None; got 'close'
def due(expires, now, told):
    if expires is None or now < expires - 60:
        return None
    return "close" if told or now >= expires else "tell"
