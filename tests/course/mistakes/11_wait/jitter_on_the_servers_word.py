# said: the server said
def wait(attempt, after, rng):
    bound = min(10, 0.5 * 2 ** min(attempt - 1, 5)) if after is None else after
    return rng.uniform(0, bound)
