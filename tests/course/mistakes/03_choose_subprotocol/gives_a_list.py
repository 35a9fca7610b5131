# said: should be
def choose_subprotocol(offered, spoken):
    return [name.strip() for name in (offered or "").split(",") if name.strip() in spoken]
