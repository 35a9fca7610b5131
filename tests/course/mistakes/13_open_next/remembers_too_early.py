# said: was refused, the state should be
def open_next(decrypt, state, message):
    if message["n"] <= state["last"]:
        raise ValueError("again")
    state["last"] = message["n"]
    return decrypt(message["n"], message["box"])
