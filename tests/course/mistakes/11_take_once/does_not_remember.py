# said: the last numbers
def take_once(log, last, device, n, text):
    expected = last.get(device, 0) + 1
    if n != expected:
        return "again" if n < expected else "out of order"
    log.append((device, n, text))
    return "stored"
