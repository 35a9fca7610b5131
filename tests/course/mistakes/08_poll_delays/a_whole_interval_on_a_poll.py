# said: should be
def poll_delays(times, interval):
    return [interval - time % interval for time in times]
