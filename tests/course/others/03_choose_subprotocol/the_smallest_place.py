def choose_subprotocol(offered, spoken):
    if not offered:
        return None
    names = [name.strip(" \t") for name in offered.split(",")]
    return min((name for name in spoken if name in names), key=names.index, default=None)
