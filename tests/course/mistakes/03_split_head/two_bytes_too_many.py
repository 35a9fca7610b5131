# said: the rest
def split_head(data):
    end = data.find(b"\r\n\r\n")
    return None if end < 0 else (data[: end + 4], data[end + 2 :])
