# said: wants an offset
def resume(read, after):
    texts, gaps = [], []
    while True:
        entries = read(after)[1]
        if not entries:
            return texts, gaps, after
        texts += [text for _, text in entries]
        after = entries[-1]
