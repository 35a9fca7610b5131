# said: the state should be
def open_next(decrypt, state, message):
    if message["n"] <= state["last"]:
        raise ValueError("again")
    return decrypt(message["n"], message["box"])
