# said: read_header of no bytes, the first 0 bytes of a header, should be None
def read_header(data):
    if len(data) < 2:
        return (False, 0, 0, None, 0)
    return None
