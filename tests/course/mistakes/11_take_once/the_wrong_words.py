# said: should be 'again'; got 'duplicate'
def take_once(log, last, device, n, text):
    expected = last.get(device, 0) + 1
    if n != expected:
        return "duplicate" if n < expected else "out of order"
    log.append((device, n, text))
    last[device] = n
    return "stored"
