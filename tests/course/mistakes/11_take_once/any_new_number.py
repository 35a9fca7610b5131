# said: should be 'out of order'
def take_once(log, last, device, n, text):
    if n <= last.get(device, 0):
        return "again"
    log.append((device, n, text))
    last[device] = n
    return "stored"
