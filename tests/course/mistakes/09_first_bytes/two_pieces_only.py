# said: should be
def first_bytes(pieces, text):
    first = 0x41 if text else 0x42
    return bytes([first | 0x80]) if pieces == 1 else bytes([first, 0x80])
