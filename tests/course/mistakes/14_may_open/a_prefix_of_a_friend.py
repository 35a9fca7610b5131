# said: may_open(
def may_open(origin, host, allowed):
    if origin is None:
        return True
    return origin == f"http://{host}" or any(one.startswith(origin) for one in allowed)
