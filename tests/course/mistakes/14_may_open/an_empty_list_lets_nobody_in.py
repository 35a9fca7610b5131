# said: []) should be True; got False
def may_open(origin, host, allowed):
    if origin is None:
        return True
    if origin == "null" or not allowed:
        return False
    return origin == f"http://{host}" or origin in allowed
