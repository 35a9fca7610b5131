# said: catch_up(<no entry>, 7, 1000): missed should be 0; got 7
def catch_up(log, after, size):
    missed = max(0, log[0][0] - after - 1) if log else after
    page, room = [], size
    for offset, text in log:
        if offset <= after:
            continue
        room -= len(text.encode())
        if room < 0 and page:
            break
        page.append((offset, text))
    return missed, page
