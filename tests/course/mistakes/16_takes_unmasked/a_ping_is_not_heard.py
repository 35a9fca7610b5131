# said: takes frames without a mask
def takes_unmasked(ask):
    return ask(b"\x89\x00") == "heard"
