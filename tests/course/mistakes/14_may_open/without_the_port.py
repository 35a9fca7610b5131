# said: may_open(
def may_open(origin, host, allowed):
    if origin is None:
        return True
    return origin != "null" and (
        origin.rsplit(":", 1)[0] == f"http://{host}".rsplit(":", 1)[0] or origin in allowed
    )
