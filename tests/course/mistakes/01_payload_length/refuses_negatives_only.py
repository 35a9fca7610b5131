# said: should raise ValueError
def payload_length(header):
    size = int(header)
    if size < 0:
        raise ValueError("negative")
    return size
