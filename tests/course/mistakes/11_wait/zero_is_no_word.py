# said: the server said 0; it
def wait(attempt, after, rng):
    if after:
        return after
    return rng.uniform(0, min(10, 0.5 * 2 ** min(attempt - 1, 5)))
