# said: should be bytes
def split_head(data):
    head, end, rest = data.decode("latin-1").partition("\r\n\r\n")
    return (head + end, rest) if end else None
