# said: should be 1006; got 1015
def ending(story):
    for what, code in story:
        if what in ("eof", "reset"):
            return 1006
        if what == "close":
            return {None: 1005, 1005: 1006, 1006: 1006}.get(code, code)
