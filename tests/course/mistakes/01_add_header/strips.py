# said: should be
def add_header(text):
    payload = text.strip().encode()
    return str(len(payload)).ljust(10).encode() + payload
