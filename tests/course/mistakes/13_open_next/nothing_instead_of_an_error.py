# said: should raise ValueError, with
def open_next(decrypt, state, message):
    if message["n"] <= state["last"]:
        return None
    text = decrypt(message["n"], message["box"])
    state["last"] = message["n"]
    return text
