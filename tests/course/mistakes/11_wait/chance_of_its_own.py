# said: take chance from rng
import random


def wait(attempt, after, rng):
    if after is not None:
        return after
    return random.uniform(0, min(10, 0.5 * 2 ** min(attempt - 1, 5)))
