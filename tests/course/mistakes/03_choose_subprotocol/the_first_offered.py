# said: should be
def choose_subprotocol(offered, spoken):
    return offered.split(",")[0].strip() if offered else None
