# said: the header of add_header(
def add_header(text):
    data = text.encode()
    return b"%10d" % len(data) + data
