# said: on while you read: the gaps
def resume(read, after):
    first, entries = read(after)
    gaps = [(after + 1, first - 1)] if after + 1 < first else []
    after = max(after, first - 1)
    texts = []
    while entries:
        texts += [text for _, text in entries]
        after = entries[-1][0]
        first, entries = read(after)
    return texts, gaps, after
