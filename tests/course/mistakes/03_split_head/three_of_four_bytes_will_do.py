# said: bytes of the head have come
def split_head(data):
    end = data.find(b"\r\n\r")
    return None if end < 0 else (data[: end + 4], data[end + 4 :])
