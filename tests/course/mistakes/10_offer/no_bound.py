# said: offer(
def offer(waiting, text, most):
    waiting.append(text)
    return True
