# said: the page should be a list
def catch_up(log, after, size):
    missed = max(0, log[0][0] - after - 1) if log else 0
    return missed, (entry for entry in log if entry[0] > after)
