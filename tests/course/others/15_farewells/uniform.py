def farewells(clients, seconds, rng):
    rng.shuffle(clients)
    step = seconds / max(1, len(clients))
    found = []
    for number, client in enumerate(clients):
        at = (number + rng.random()) * step
        found.append((at, client, seconds - at + rng.uniform(0, seconds)))
    return found
