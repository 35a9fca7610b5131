# said: the head should be
def split_head(data):
    head, end, rest = data.partition(b"\r\n\r\n")
    return (head.lower() + end, rest) if end else None
