# said: offer(
def offer(waiting, text, most):
    size = sum(len(one.encode()) for one in [text])
    if size > most:
        return False
    waiting.append(text)
    return True
