# said: upper and lower case differ
def choose_subprotocol(offered, spoken):
    names = [name.strip().lower() for name in (offered or "").split(",")]
    low = [name.lower() for name in spoken]
    return next((name for name in names if name in low), None)
