# said: spread evenly
def wait(attempt, after, rng):
    if after is not None:
        return after
    return rng.uniform(0, min(10, 0.5 * min(attempt, 20)))
