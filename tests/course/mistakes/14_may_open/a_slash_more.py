# said: may_open(
def may_open(origin, host, allowed):
    if origin is None:
        return True
    origin = origin.rstrip("/")
    return origin != "null" and (origin == f"http://{host}" or origin in allowed)
