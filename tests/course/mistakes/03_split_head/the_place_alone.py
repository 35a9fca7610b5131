# said: (head, rest)
def split_head(data):
    end = data.find(b"\r\n\r\n")
    return end + 4 if end >= 0 else None
