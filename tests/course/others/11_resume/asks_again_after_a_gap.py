def resume(read, after):
    texts, gaps = [], []
    while True:
        first, entries = read(after)
        if first > after + 1:
            gaps.append((after + 1, first - 1))
            after = first - 1
            continue
        if not entries:
            return texts, gaps, after
        texts += [text for _, text in entries]
        after, _ = entries[-1]
