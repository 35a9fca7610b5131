# said: the clients that are told should be
def farewells(clients, seconds, rng):
    rng.shuffle(clients)
    step = seconds / max(1, len(clients))
    return [(n * step, client, seconds) for n, client in enumerate(clients[:-1])]
