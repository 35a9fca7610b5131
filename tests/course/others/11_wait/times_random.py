def wait(attempt, after, rng):
    bound = 0.5
    for _ in range(attempt - 1):
        bound = min(10.0, 2 * bound)
    return rng.random() * bound if after is None else after
