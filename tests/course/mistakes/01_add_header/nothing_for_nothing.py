# said: should be
def add_header(text):
    return b"%-10d" % len(text.encode()) + text.encode() if text else b""
