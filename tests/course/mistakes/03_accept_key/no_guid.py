# said: the fixed text is not appended
def accept_key(key):
    return base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
