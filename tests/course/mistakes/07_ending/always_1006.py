# said: should be
def ending(story):
    return 1006
