# said: may_open(
def may_open(origin, host, allowed):
    if origin is None:
        return True
    return origin != "null" and (origin.endswith(host) or origin in allowed)
