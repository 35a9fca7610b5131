# said: a str is wanted
def accept_key(key):
    return hashlib.sha1((key + GUID).encode()).digest()
