# said: ''
def may_open(origin, host, allowed):
    if not origin:
        return True
    return origin != "null" and (origin == f"http://{host}" or origin in allowed)
