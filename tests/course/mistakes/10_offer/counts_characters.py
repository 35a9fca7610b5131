# said: offer(
def offer(waiting, text, most):
    size = sum(len(one) for one in [*waiting, text])
    if size > most:
        return False
    waiting.append(text)
    return True
