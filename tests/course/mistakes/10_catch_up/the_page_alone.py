# said: catch_up(<offsets
def catch_up(log, after, size):
    page, room = [], size
    for offset, text in log:
        if offset <= after:
            continue
        room -= len(text.encode())
        if room < 0 and page:
            break
        page.append((offset, text))
    return page
