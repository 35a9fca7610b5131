def resume(read, after):
    texts, gaps = [], []
    first, entries = read(after)
    while entries or first > after + 1:
        if first > after + 1:
            gaps += [(after + 1, first - 1)]
        after = entries[-1][0] if entries else first - 1
        texts.extend(entry[1] for entry in entries)
        first, entries = read(after)
    return texts, gaps, after
