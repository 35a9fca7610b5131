# said: offer([],
def offer(waiting, text, most):
    if waiting and sum(len(one.encode()) for one in [*waiting, text]) > most:
        return False
    waiting.append(text)
    return True
