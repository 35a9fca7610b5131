# said: should be None
def ending(story):
    for what, code in story:
        if what == "close":
            return 1005 if code is None else 1006 if code in (1005, 1006, 1015) else code
    return 1006
