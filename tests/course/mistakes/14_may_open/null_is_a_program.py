# said: 'null'
def may_open(origin, host, allowed):
    if origin in (None, "null"):
        return True
    return origin == f"http://{host}" or origin in allowed
