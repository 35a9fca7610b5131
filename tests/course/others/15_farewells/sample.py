def farewells(clients, seconds, rng):
    mixed = rng.sample(clients, len(clients))
    return [[seconds * n / len(mixed), client, seconds] for n, client in enumerate(mixed)]
