# said: message 3, for 2 is late should be opened
def open_next(decrypt, state, message):
    if message["n"] <= state["last"]:
        raise ValueError("again")
    text = decrypt(state["last"] + 1, message["box"])
    state["last"] += 1
    return text
