def open_next(decrypt, state, message):
    text = decrypt(message["n"], message["box"])
    if not state["last"] < message["n"]:
        raise ValueError("too late")
    state.update(last=message["n"])
    return text
