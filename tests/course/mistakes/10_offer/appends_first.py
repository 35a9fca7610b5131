# said: what waits then
def offer(waiting, text, most):
    waiting.append(text)
    return sum(len(one.encode()) for one in waiting) <= most
