# said: should be
def poll_delays(times, interval):
    return [interval / 2 for time in times]
