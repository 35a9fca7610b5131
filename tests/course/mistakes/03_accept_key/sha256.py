# said: should be
def accept_key(key):
    digest = hashlib.sha256((key + GUID).encode()).digest()
    return base64.b64encode(digest).decode()
