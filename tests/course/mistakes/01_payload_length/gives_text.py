# said: should be 5; got '5'
def payload_length(header):
    digits = header.rstrip(b" ")
    if len(header) != 10 or not digits.isdigit():
        raise ValueError("no header")
    return digits.decode()
