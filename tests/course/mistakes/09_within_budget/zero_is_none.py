# said: should be
def within_budget(settings, connections, budget):
    best = None
    for n, (memory, ratio) in enumerate(settings):
        if memory * connections > budget:
            continue
        if not best or (ratio, memory) < (settings[best][1], settings[best][0]):
            best = n
    return best
