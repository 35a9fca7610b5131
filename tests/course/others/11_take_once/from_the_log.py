def take_once(log, last, device, n, text):
    known = {number for name, number, _ in log if name == device}
    if n in known:
        return "again"
    if n - 1 in known or n == 1:
        log.append((device, n, text))
        last[device] = n
        return "stored"
    return "out of order"
