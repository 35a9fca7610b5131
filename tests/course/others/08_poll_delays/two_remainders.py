def poll_delays(times, interval):
    found = []
    for time in times:
        past = time % interval
        found.append((interval - past) % interval)
    return found
