# said: your code raised
def choose_subprotocol(offered, spoken):
    names = [name.strip() for name in offered.split(",")]
    return next((name for name in names if name in spoken), None)
