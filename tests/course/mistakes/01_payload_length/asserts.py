# said: should raise ValueError; it raised AssertionError
def payload_length(header):
    assert len(header) == 10
    digits = header.rstrip(b" ")
    assert digits.isdigit()
    return int(digits)
