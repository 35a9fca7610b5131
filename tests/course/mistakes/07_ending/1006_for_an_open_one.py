# said: should be None
def ending(story):
    for what, code in story:
        if what == "close":
            return 1005 if code is None else code if may_be_sent(code) else 1006
    return 1006
