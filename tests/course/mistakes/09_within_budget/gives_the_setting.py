# said: should be
def within_budget(settings, connections, budget):
    fit = [(ratio, memory) for memory, ratio in settings if memory * connections <= budget]
    return min(fit) if fit else None
