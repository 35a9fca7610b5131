# said: should be
def ending(story):
    what, code = story[-1]
    if what == "message":
        return None
    return 1006 if what != "close" else code
