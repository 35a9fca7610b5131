# said: in the alphabet for URLs
def accept_key(key):
    digest = hashlib.sha1((key + GUID).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()
