# said: should be
def choose_subprotocol(offered, spoken):
    for name in (offered or "").split(","):
        if name.strip() in spoken:
            return name
    return None
