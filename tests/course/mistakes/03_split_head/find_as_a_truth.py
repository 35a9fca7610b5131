# said: should be None
def split_head(data):
    if data.find(b"\r\n\r\n"):
        end = data.find(b"\r\n\r\n") + 4
        return data[:end], data[end:]
    return None
