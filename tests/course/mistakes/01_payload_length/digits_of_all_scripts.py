# said: should raise ValueError
def payload_length(header):
    digits = header.decode("utf-8", "replace").rstrip(" ")
    if len(header) != 10 or not digits.isdigit():
        raise ValueError("no header")
    return int(digits)
