# said: should give a list of (at, client, after)
def farewells(clients, seconds, rng):
    rng.shuffle(clients)
    step = seconds / max(1, len(clients))
    return [(n * step, client) for n, client in enumerate(clients)]
