# said: should be
def within_budget(settings, connections, budget):
    f = [(m, r, i) for i, (m, r) in enumerate(settings) if m * connections <= budget]
    if not f:
        return None
    big = max(f)
    return min((m, i) for m, r, i in f if r == big[1])[1]
