# said: the log
def take_once(log, last, device, n, text):
    expected = last.get(device, 0) + 1
    if n > expected:
        return "out of order"
    log.append((device, n, text))
    if n < expected:
        return "again"
    last[device] = n
    return "stored"
