# said: should be None
def choose_subprotocol(offered, spoken):
    for name in (offered or "").split(","):
        for one in spoken:
            if one in name:
                return one
    return None
