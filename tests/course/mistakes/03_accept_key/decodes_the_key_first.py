# said: the key is not decoded
def accept_key(key):
    digest = hashlib.sha1(base64.b64decode(key) + GUID.encode()).digest()
    return base64.b64encode(digest).decode()
