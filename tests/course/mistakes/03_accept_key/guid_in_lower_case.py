# said: should be
def accept_key(key):
    digest = hashlib.sha1((key + GUID.lower()).encode()).digest()
    return base64.b64encode(digest).decode()
