# said: message 3, for 2 is late should be opened
def open_next(decrypt, state, message):
    if message["n"] != state["last"] + 1:
        raise ValueError("not the next one")
    text = decrypt(message["n"], message["box"])
    state["last"] = message["n"]
    return text
