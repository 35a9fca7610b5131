# said: should be
def within_budget(settings, connections, budget):
    best = None
    for n, (memory, ratio) in enumerate(settings):
        if memory * connections <= budget and (best is None or ratio <= settings[best][1]):
            best = n
    return best
