# said: there is a line end behind the proof
def accept_key(key):
    digest = hashlib.sha1((key + GUID).encode()).digest()
    return base64.encodebytes(digest).decode()
