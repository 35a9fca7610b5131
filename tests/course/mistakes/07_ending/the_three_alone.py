# said: should be 1006
def ending(story):
    for what, code in story:
        if what in ("eof", "reset"):
            return 1006
        if what == "close":
            return 1005 if code is None else 1006 if code in (1005, 1006, 1015) else code
