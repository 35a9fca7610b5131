# said: the drain is over at
def farewells(clients, seconds, rng):
    rng.shuffle(clients)
    step = seconds / max(1, len(clients))
    return [(n * step, client, 0.0) for n, client in enumerate(clients)]
