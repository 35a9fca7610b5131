import itertools


def resend(waiting, expected, window):
    if min((n for n, _ in waiting), default=expected) > expected:
        raise LookupError
    waiting[:] = [(n, text) for n, text in waiting if not n < expected]
    return list(itertools.islice(waiting, window))
