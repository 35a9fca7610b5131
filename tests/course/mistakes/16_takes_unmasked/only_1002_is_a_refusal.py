# said: a server that refuses them
def takes_unmasked(ask):
    return ask(b"\x81\x05hello") != "1002"
