# said: should be
def add_header(text):
    data = text.encode()
    return b"%010d" % len(data) + data
