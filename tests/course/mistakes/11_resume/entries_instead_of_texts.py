# said: on kept: the texts
def resume(read, after):
    texts, gaps = [], []
    while True:
        first, entries = read(after)
        if after + 1 < first:
            gaps.append((after + 1, first - 1))
            after = first - 1
        if not entries:
            return texts, gaps, after
        for offset, text in entries:
            texts.append((offset, text))
            after = offset
