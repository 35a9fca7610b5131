# said: the state should be
def open_next(decrypt, state, message):
    if message["n"] in state:
        raise ValueError("again")
    text = decrypt(message["n"], message["box"])
    state[message["n"]] = 1
    return text
