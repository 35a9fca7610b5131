# said: never asked
def takes_unmasked(ask):
    return False
