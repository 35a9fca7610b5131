# said: the header of add_header(
def add_header(text):
    data = text.encode()
    return str(len(data)).encode() + data
