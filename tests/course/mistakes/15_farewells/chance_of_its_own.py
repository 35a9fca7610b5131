# said: take chance from rng
import random


def farewells(clients, seconds, rng):
    random.shuffle(clients)
    step = seconds / max(1, len(clients))
    return [(n * step, client, seconds) for n, client in enumerate(clients)]
