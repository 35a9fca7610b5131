# said: should be
def add_header(text):
    data = text.encode("latin-1", "replace")
    return b"%-10d" % len(data) + data
