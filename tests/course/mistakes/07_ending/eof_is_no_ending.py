# said: should be 1006; got None
def ending(story):
    for what, code in story:
        if what == "reset":
            return 1006
        if what == "close":
            return {None: 1005, 1005: 1002, 1006: 1002, 1015: 1002}.get(code, code)
