# said: the client's order
def choose_subprotocol(offered, spoken):
    names = offered.split(", ") if offered else []
    return next((name for name in spoken if name in names), None)
