class TooLate(ValueError):
    pass


def open_next(decrypt, state, message):
    n, box = message["n"], message["box"]
    if n in range(state["last"] + 1):
        raise TooLate(n)
    try:
        text = decrypt(n, box)
    except ValueError as error:
        raise ValueError("changed") from error
    else:
        state["last"] = n
    return text
