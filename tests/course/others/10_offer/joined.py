def offer(waiting, text, most):
    fits = len("".join(waiting).encode()) + len(text.encode()) <= most
    if fits:
        waiting += [text]
    return fits
