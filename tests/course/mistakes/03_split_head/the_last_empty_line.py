# said: the first empty line ends the head
def split_head(data):
    if b"\r\n\r\n" not in data:
        return None
    head, _, rest = data.rpartition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest
