# said: stand behind the head
def split_head(data):
    if not data.endswith(b"\r\n\r\n"):
        return None
    return data, b""
