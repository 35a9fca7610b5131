# said: the gaps
def resume(read, after):
    texts = []
    while entries := read(after)[1]:
        texts += [text for _, text in entries]
        after = entries[-1][0]
    return texts, [], after
