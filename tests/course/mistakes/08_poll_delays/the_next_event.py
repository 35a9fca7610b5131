# said: should be
import itertools


def poll_delays(times, interval):
    return [later - time for time, later in itertools.pairwise(times)]
