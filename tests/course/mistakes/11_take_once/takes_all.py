# said: should be 'out of order'
def take_once(log, last, device, n, text):
    log.append((device, n, text))
    last[device] = n
    return "stored"
