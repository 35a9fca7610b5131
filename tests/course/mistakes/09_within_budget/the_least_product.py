# said: should be
def within_budget(settings, connections, budget):
    f = [(r * m, i) for i, (m, r) in enumerate(settings) if m * connections <= budget]
    return min(f)[1] if f else None
