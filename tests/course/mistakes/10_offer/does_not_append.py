# said: what waits then
def offer(waiting, text, most):
    size = sum(len(one.encode()) for one in [*waiting, text])
    if size > most:
        return False
    waiting = [*waiting, text]
    return True
