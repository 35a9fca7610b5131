# said: from 0 to 10 seconds
def wait(attempt, after, rng):
    if after is not None:
        return after
    return rng.uniform(0, 0.5 * 2 ** min(attempt - 1, 100))
