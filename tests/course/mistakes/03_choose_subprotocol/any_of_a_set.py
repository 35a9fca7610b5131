# said: the client's order
def choose_subprotocol(offered, spoken):
    names = {name.strip() for name in (offered or "").split(",")}
    common = sorted(names & set(spoken), reverse=True)
    return common[0] if common else None
