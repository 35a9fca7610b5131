# said: message 1 again should raise ValueError
def open_next(decrypt, state, message):
    if message["n"] < state["last"]:
        raise ValueError("again")
    text = decrypt(message["n"], message["box"])
    state["last"] = message["n"]
    return text
