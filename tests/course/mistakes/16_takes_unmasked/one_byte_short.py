# said: takes frames without a mask
def takes_unmasked(ask):
    return ask(b"\x81\x05hell") == "heard"
