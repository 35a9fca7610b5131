# said: the texts
def resume(read, after):
    first, entries = read(after)
    gaps = [(after + 1, first - 1)] if after + 1 < first else []
    if entries:
        after = entries[-1][0]
    return [text for _, text in entries], gaps, after
