# said: the first to come should not be the first to go
def farewells(clients, seconds, rng):
    step = seconds / max(1, len(clients))
    return [(n * step, client, seconds) for n, client in enumerate(clients)]
