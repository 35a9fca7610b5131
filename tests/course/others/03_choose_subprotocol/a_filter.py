def choose_subprotocol(offered, spoken):
    names = map(str.strip, (offered or "").split(","))
    return next(filter(set(spoken).__contains__, names), None)
