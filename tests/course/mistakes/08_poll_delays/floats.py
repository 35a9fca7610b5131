# said: should be
def poll_delays(times, interval):
    return [interval * (1 - time / interval % 1) for time in times]
