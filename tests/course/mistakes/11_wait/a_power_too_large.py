# said: OverflowError
def wait(attempt, after, rng):
    if after is not None:
        return after
    return rng.uniform(0, min(10, 0.5 * 2 ** (attempt - 1)))
