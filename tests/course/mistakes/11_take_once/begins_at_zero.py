# said: should be 'out of order'; got 'stored'
def take_once(log, last, device, n, text):
    expected = last.get(device, 1) + 1
    if n != expected:
        return "again" if n < expected else "out of order"
    log.append((device, n, text))
    last[device] = n
    return "stored"
