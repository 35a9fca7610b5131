# said: they come back:
def farewells(clients, seconds, rng):
    rng.shuffle(clients)
    step = seconds / max(1, len(clients))
    return [(n * step, client, seconds - n * step) for n, client in enumerate(clients)]
