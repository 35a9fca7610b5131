# said: a server that refuses them
def takes_unmasked(ask):
    ask(b"\x81\x05hello")
    return True
