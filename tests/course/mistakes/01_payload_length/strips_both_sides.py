# said: should raise ValueError
def payload_length(header):
    if not header.strip().isdigit():
        raise ValueError("no digits")
    return int(header)
