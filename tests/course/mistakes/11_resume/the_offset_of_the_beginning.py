# said: the offset
def resume(read, after):
    start = after
    texts, gaps = [], []
    while True:
        first, entries = read(after)
        if after + 1 < first:
            gaps.append((after + 1, first - 1))
            after = first - 1
        if not entries:
            return texts, gaps, start
        for offset, text in entries:
            texts.append(text)
            after = offset
