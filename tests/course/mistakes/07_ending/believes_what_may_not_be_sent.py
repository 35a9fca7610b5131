# said: should be 1006
def ending(story):
    for what, code in story:
        if what == "close":
            return 1005 if code is None else code
        if what in ("eof", "reset"):
            return 1006
