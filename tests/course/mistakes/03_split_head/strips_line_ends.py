# said: the rest should be
def split_head(data):
    h, s, r = data.partition(b"\r\n\r\n")
    return (h + s, r.lstrip(b"\r\n")) if s else None
