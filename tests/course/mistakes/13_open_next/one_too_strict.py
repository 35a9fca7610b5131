# said: message 1 should be opened
def open_next(decrypt, state, message):
    if message["n"] <= state["last"] + 1:
        raise ValueError("again")
    text = decrypt(message["n"], message["box"])
    state["last"] = message["n"]
    return text
