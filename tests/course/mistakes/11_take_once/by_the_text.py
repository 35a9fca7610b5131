# said: should be 'out of order'
def take_once(log, last, device, n, text):
    if any(entry[2] == text for entry in log):
        return "again"
    log.append((device, n, text))
    last[device] = n
    return "stored"
