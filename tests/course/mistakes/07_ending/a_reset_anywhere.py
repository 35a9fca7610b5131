# said: should be
def ending(story):
    for what, _code in story:
        if what == "reset":
            return 1006
    for what, code in story:
        if what == "close":
            return 1005 if code is None else 1006 if code in (1005, 1006, 1015) else code
        if what == "eof":
            return 1006
