# said: should be
def poll_delays(times, interval):
    return sum(-time % interval for time in times)
