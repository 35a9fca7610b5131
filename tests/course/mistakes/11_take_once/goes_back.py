# said: the last numbers
def take_once(log, last, device, n, text):
    expected = last.get(device, 0) + 1
    if n > expected:
        return "out of order"
    last[device] = n
    if n < expected:
        return "again"
    log.append((device, n, text))
    return "stored"
