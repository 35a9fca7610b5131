# said: the rest should be 81 05 48 65 6c 6c 6f; got no bytes
def split_head(data):
    end = data.find(b"\r\n\r\n")
    return None if end < 0 else (data[: end + 4], b"")
