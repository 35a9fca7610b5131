# said: got None
def take_once(log, last, device, n, text):
    if n == last.get(device, 0) + 1:
        log.append((device, n, text))
        last[device] = n
