# said: should be 1006; got 1015
def ending(story):
    for what, code in story:
        if what in ("eof", "reset"):
            return 1006
        if what == "close":
            if code is None:
                return 1005
            return code if code == 1015 or may_be_sent(code) else 1006
