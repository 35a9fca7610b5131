def add_header(text):
    payload = text.encode("utf-8")
    return str(len(payload)).ljust(10).encode("ascii") + payload
