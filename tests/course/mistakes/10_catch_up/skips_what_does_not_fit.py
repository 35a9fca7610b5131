# said: the page
def catch_up(log, after, size):
    missed = max(0, log[0][0] - after - 1) if log else 0
    page, room = [], size
    for offset, text in log:
        if offset <= after:
            continue
        if page and len(text.encode()) > room:
            continue
        room -= len(text.encode())
        page.append((offset, text))
    return missed, page
