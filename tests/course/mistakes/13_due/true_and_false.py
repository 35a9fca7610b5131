# said: should be
def due(expires, now, told):
    return expires is not None and now >= expires
