# said: offer(
def offer(waiting, text, most):
    waiting.append(text)
    while sum(len(one.encode()) for one in waiting) > most and waiting:
        waiting.pop(0)
    return True
