# said: should be
def add_header(text):
    data = text.encode()
    return str(len(data)).encode() + data
