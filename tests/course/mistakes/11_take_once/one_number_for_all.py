# said: should be 'stored'
def take_once(log, last, device, n, text):
    expected = max(last.values(), default=0) + 1
    if n != expected:
        return "again" if n < expected else "out of order"
    log.append((device, n, text))
    last[device] = n
    return "stored"
