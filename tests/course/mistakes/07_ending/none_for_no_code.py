# said: should be
def ending(story):
    for what, code in story:
        if what == "close":
            return code
        if what in ("eof", "reset"):
            return 1006
