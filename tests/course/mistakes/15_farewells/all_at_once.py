# said: they are told:
def farewells(clients, seconds, rng):
    rng.shuffle(clients)
    return [(0.0, client, seconds + rng.uniform(0, seconds)) for client in clients]
