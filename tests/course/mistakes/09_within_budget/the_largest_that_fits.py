# said: should be
def within_budget(settings, connections, budget):
    fit = [n for n in range(len(settings)) if settings[n][0] * connections <= budget]
    return max(fit, key=lambda n: settings[n]) if fit else None
