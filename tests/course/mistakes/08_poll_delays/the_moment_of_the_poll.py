# said: should be
def poll_delays(times, interval):
    return [-(-time // interval) * interval for time in times]
