# said: bytes instead of
def envelope_bytes(text):
    return 2
