# said: ValueError
def split_head(data):
    if b"\r\n\r\n" not in data:
        return None
    head, rest = data.split(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest
