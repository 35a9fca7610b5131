# said: should be
def add_header(text):
    return b"%-10d" % (len(text.encode()) + 10) + text.encode()
