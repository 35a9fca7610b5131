# said: it should be from 0 to
def farewells(clients, seconds, rng):
    rng.shuffle(clients)
    return [(float(n + seconds), client, seconds) for n, client in enumerate(clients)]
