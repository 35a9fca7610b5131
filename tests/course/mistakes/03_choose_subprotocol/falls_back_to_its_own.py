# said: ]) should be None; got
def choose_subprotocol(offered, spoken):
    names = [name.strip() for name in (offered or "").split(",")]
    return next((name for name in names if name in spoken), spoken[0])
