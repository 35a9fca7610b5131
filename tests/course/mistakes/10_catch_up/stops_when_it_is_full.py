# said: : the page should be
def catch_up(log, after, size):
    missed = max(0, log[0][0] - after - 1) if log else 0
    page, used = [], 0
    for offset, text in log:
        if offset <= after:
            continue
        used += len(text.encode())
        if page and used > size:
            break
        page.append((offset, text))
        if used >= size:
            break
    return missed, page
