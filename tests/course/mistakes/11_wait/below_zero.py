# said: from 0 to 0.5 seconds; got -
def wait(attempt, after, rng):
    if after is not None:
        return after
    bound = min(10, 0.5 * 2 ** min(attempt - 1, 5))
    return rng.uniform(-bound, bound)
