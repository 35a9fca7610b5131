# said: may_open(
def may_open(origin, host, allowed):
    return origin is None or (origin != "null" and origin in allowed)
