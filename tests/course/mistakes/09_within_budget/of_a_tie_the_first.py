# said: should be
def within_budget(settings, connections, budget):
    fit = [n for n, (memory, ratio) in enumerate(settings) if memory * connections <= budget]
    return min(fit, key=lambda n: settings[n][1]) if fit else None
