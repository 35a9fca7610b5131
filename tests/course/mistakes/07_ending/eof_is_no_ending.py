# said: should be 1006; got None
def ending(story):
    for what, code in story:
        if what == "reset":
            return 1006
        if what == "close":
            return {None: 1005, 1005: 1006, 1006: 1006, 1015: 1006}.get(code, code)
