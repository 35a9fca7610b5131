# said: should raise ValueError
def payload_length(header):
    digits = header.rstrip()
    if len(header) != 10 or not digits.isdigit():
        raise ValueError("no digits")
    return int(digits)
