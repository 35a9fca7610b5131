# said: should be None; got -1
def within_budget(settings, connections, budget):
    fit = [(ratio, memory, n) for n, (memory, ratio) in enumerate(settings) if memory * connections <= budget]
    return min(fit, default=(0, 0, -1))[2]
