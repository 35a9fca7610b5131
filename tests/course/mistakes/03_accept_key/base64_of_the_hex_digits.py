# said: should be
def accept_key(key):
    digest = hashlib.sha1((key + GUID).encode()).hexdigest()
    return base64.b64encode(digest.encode()).decode()
