# said: []) should be False; got True
def may_open(origin, host, allowed):
    if origin is None:
        return True
    if origin == "null":
        return False
    return not allowed or origin == f"http://{host}" or origin in allowed
