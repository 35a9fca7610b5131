# said: takes frames without a mask
def takes_unmasked(ask):
    return ask(b"\x80\x05hello") == "heard"
