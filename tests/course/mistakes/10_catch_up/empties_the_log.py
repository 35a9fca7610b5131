# said: as it was
def catch_up(log, after, size):
    missed = max(0, log[0][0] - after - 1) if log else 0
    while log and log[0][0] <= after:
        log.pop(0)
    page = []
    while log and (not page or len(log[0][1].encode()) <= size):
        size -= len(log[0][1].encode())
        page.append(log.pop(0))
    return missed, page
