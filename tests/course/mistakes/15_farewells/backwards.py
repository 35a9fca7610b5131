# said: the order should be random
def farewells(clients, seconds, rng):
    step = seconds / max(1, len(clients))
    return [(n * step, client, seconds) for n, client in enumerate(reversed(clients))]
