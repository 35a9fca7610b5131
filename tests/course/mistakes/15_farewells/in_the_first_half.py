# said: in a third of the drain no client is told
def farewells(clients, seconds, rng):
    mixed = rng.sample(clients, len(clients))
    step = seconds / 2 / max(1, len(mixed))
    return [(n * step, client, seconds) for n, client in enumerate(mixed)]
