# said: offer(
def offer(waiting, text, most):
    if len(waiting) >= most:
        return False
    waiting.append(text)
    return True
