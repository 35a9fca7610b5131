# said: got None
def choose_subprotocol(offered, spoken):
    for n in (offered or "").split(","):
        if n.strip(" ") in spoken:
            return n.strip(" ")
