# said: the bytes of a frame
def takes_unmasked(ask):
    return ask("hello") == "heard"
