def offer(waiting, text, most):
    waiting.append(text)
    if len("".join(waiting).encode("utf-8")) <= most:
        return True
    waiting.pop()
    return False
