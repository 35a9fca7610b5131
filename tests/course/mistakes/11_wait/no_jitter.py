# said: spread evenly
def wait(attempt, after, rng):
    if after is not None:
        return after
    return min(10.0, 0.5 * 2 ** min(attempt - 1, 5))
