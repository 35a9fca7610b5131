# said: message 1 should be
def open_next(decrypt, state, message):
    if message["n"] <= state["last"]:
        raise ValueError("again")
    decrypt(message["n"], message["box"])
    state["last"] = message["n"]
    return message["box"]
