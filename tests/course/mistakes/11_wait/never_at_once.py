# said: spread evenly
def wait(attempt, after, rng):
    if after is not None:
        return after
    return rng.uniform(0.12, 1) * min(10, 0.5 * 2 ** min(attempt - 1, 9))
