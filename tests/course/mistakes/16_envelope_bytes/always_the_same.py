# said: bytes instead of
def envelope_bytes(text):
    return len('42["message",""]')
