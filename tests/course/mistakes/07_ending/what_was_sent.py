# said: should be 1006; got 1002
def ending(story):
    for what, code in story:
        if what in ("eof", "reset"):
            return 1006
        if what == "close":
            return 1005 if code is None else code if may_be_sent(code) else 1002
