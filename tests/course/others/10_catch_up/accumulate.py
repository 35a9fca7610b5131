import itertools


def catch_up(log, after, size):
    wanted = [entry for entry in log if entry[0] > after]
    sizes = itertools.accumulate(len(text.encode()) for _, text in wanted)
    fits = sum(1 for total in sizes if total <= size)
    missed = len(range(after + 1, log[0][0])) if log else 0
    return missed, wanted[: max(fits, 1)]
