# said: the clients that are told should be
def farewells(clients, seconds, rng):
    step = seconds / max(1, len(clients))
    return [(n * step, rng.choice(clients), seconds) for n in range(len(clients))]
