# said: KeyError
def take_once(log, last, device, n, text):
    expected = last[device] + 1
    if n != expected:
        return "again" if n < expected else "out of order"
    log.append((device, n, text))
    last[device] = n
    return "stored"
