# said: your code raised ValueError: no digits
def payload_length(header):
    if not header.isdigit():
        raise ValueError("no digits")
    return int(header)
