# said: None
def may_open(origin, host, allowed):
    return origin != "null" and (origin == f"http://{host}" or origin in allowed)
