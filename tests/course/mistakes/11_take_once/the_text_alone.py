# said: the log
def take_once(log, last, device, n, text):
    expected = last.get(device, 0) + 1
    if n != expected:
        return "again" if n < expected else "out of order"
    log.append(text)
    last[device] = n
    return "stored"
