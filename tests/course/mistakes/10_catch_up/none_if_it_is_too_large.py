# said: the page
def catch_up(log, after, size):
    missed = max(0, log[0][0] - after - 1) if log else 0
    page, room = [], size
    for offset, text in log:
        if offset <= after:
            continue
        room -= len(text.encode())
        if room < 0:
            break
        page.append((offset, text))
    return missed, page
