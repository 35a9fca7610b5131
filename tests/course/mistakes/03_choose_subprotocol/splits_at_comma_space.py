# said: should be
def choose_subprotocol(offered, spoken):
    return next((name for name in offered.split(", ") if name in spoken), None)
