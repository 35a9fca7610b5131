# said: should be None
def split_head(data):
    end = data.find(b"\r\n\r\n")
    return (data[: end + 4], data[end + 4 :]) if end >= 0 else (None, None)
