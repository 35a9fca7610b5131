import math


def wait(attempt, after, rng):
    if after is None:
        after = rng.uniform(min(10.0, math.ldexp(0.5, min(attempt, 9) - 1)), 0.0)
    return after
