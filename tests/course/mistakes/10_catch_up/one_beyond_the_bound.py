# said: the page
def catch_up(log, after, size):
    missed = max(0, log[0][0] - after - 1) if log else 0
    page, room = [], size
    for offset, text in log:
        if offset <= after:
            continue
        page.append((offset, text))
        room -= len(text.encode())
        if room < 0:
            break
    return missed, page
