def poll_delays(times, interval):
    found = []
    for time in times:
        poll = time // interval * interval
        if poll < time:
            poll += interval
        found.append(poll - time)
    return found
