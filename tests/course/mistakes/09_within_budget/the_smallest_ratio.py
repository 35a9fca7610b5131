# said: should be
def within_budget(settings, connections, budget):
    return min(range(len(settings)), key=lambda n: settings[n][1])
