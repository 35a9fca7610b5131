# said: takes frames without a mask
def takes_unmasked(ask):
    ask(b"\x81\x05hello")
    return False
