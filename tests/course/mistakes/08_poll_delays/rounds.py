# said: should be
def poll_delays(times, interval):
    return [abs(round(time / interval) * interval - time) for time in times]
