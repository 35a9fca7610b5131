# said: may_open(
def may_open(origin, host, allowed):
    import re

    if origin is None:
        return True
    return origin != "null" and (re.fullmatch(f"http://{host}", origin) is not None or origin in allowed)
