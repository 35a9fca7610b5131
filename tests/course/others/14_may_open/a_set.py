def may_open(origin, host, allowed):
    known = {None, f"http://{host}", *allowed} - {"null"}
    return origin in known
