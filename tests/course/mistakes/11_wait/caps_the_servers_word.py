# said: the server said
def wait(attempt, after, rng):
    if after is not None:
        return min(after, 10.0)
    return rng.uniform(0, min(10, 0.5 * 2 ** min(attempt - 1, 5)))
