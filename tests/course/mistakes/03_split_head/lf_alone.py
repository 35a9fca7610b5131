# said: the head
def split_head(data):
    head, end, rest = data.partition(b"\n\n")
    return (head + end, rest) if end else None
