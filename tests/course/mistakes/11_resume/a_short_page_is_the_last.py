# said: the texts
def resume(read, after):
    texts, gaps, size = [], [], 0
    while True:
        first, entries = read(after)
        if after + 1 < first:
            gaps.append((after + 1, first - 1))
            after = first - 1
        for offset, text in entries:
            texts.append(text)
            after = offset
        if not entries or len(entries) < size:
            return texts, gaps, after
        size = len(entries)
