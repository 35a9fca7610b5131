# said: a message after thousands were lost should be opened
def open_next(decrypt, state, message):
    if not state["last"] < message["n"] <= state["last"] + 64:
        raise ValueError("again, too late, or too early")
    text = decrypt(message["n"], message["box"])
    state["last"] = message["n"]
    return text
