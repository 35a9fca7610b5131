# said: should raise ValueError
def payload_length(header):
    digits = header.rstrip(b" ")
    if not digits.isdigit():
        raise ValueError("no digits")
    return int(digits)
