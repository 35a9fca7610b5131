def may_open(origin, host, allowed):
    if origin is None:
        return True
    if origin == "null":
        return False
    return any(one == origin for one in ["http://" + host, *allowed])
