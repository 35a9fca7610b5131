# said: spread evenly
def wait(attempt, after, rng):
    if after is not None:
        return after
    bound = min(10.0, 0.5 * 2 ** min(attempt - 1, 5))
    return bound / 2 + rng.uniform(0, bound / 2)
