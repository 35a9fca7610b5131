# said: the gaps
def resume(read, after):
    texts, gaps = [], []
    while True:
        first, entries = read(after)
        if not entries:
            if after + 1 < first:
                gaps.append((after + 1, first - 1))
                after = first - 1
            return texts, gaps, after
        for offset, text in entries:
            if offset > after + 1:
                gaps.append((after + 1, offset - 1))
            texts.append(text)
            after = offset
