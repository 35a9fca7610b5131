# said: in the four quarters
def wait(attempt, after, rng):
    if after is not None:
        return after
    return rng.triangular(0, min(10, 0.5 * 2 ** min(attempt - 1, 5)))
