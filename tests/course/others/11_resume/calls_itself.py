def resume(read, after):
    first, entries = read(after)
    gaps = [[after + 1, first - 1]] if first - after > 1 else []
    if not entries:
        return [], gaps, max(after, first - 1)
    texts, more, offset = resume(read, entries[-1][0])
    return [text for _, text in entries] + texts, gaps + more, offset
