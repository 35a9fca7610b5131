def within_budget(settings, connections, budget):
    order = sorted(range(len(settings)), key=lambda n: settings[n][::-1])
    for n in order:
        if settings[n][0] <= budget / connections:
            return n
    return None
