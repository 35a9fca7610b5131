# said: read_header(no bytes): your code raised ValueError
def read_header(data):
    if len(data) < 2:
        raise ValueError("too short")
    return None
