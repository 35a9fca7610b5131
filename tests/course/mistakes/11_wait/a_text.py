# said: a number of seconds
def wait(attempt, after, rng):
    if after is not None:
        return after
    return str(rng.uniform(0, min(10, 0.5 * 2 ** min(attempt - 1, 5))))
