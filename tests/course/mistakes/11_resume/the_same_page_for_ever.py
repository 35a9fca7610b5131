# said: was called
def resume(read, after):
    texts, gaps = [], []
    while True:
        first, entries = read(after)
        if after + 1 < first:
            gaps.append((after + 1, first - 1))
        if not entries:
            return texts, gaps, after
        texts += [text for _, text in entries]
