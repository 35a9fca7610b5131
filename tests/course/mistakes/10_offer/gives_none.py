# said: offer(
def offer(waiting, text, most):
    size = sum(len(one.encode()) for one in [*waiting, text])
    if size > most:
        return None
    waiting.append(text)
    return True
