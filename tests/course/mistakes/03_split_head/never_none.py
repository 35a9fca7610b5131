# said: should be None
def split_head(data):
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest
