# said: ␣'; got b'length␣␣␣␣'
def add_header(text):
    return b"length    " + text.encode()
