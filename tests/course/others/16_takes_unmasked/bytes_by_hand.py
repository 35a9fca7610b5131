def takes_unmasked(ask):
    return ask(b"\x81\x05hello") == "heard"
