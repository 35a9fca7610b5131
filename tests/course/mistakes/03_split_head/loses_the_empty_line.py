# said: the empty line is a part of the head
def split_head(data):
    head, end, rest = data.partition(b"\r\n\r\n")
    return (head, rest) if end else None
