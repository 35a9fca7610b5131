# said: may_open(
def may_open(origin, host, allowed):
    if origin is None:
        return True
    return host in origin or origin in allowed
