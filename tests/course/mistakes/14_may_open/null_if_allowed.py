# said: ['null']
def may_open(origin, host, allowed):
    return origin is None or origin == f"http://{host}" or origin in allowed
