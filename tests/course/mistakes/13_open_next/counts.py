# said: message 3, for 2 is late
def open_next(decrypt, state, message):
    if message["n"] <= state["last"]:
        raise ValueError("again")
    text = decrypt(message["n"], message["box"])
    state["last"] += 1
    return text
