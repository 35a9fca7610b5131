# said: should be
def accept_key(key):
    return hashlib.sha1((key + GUID).encode()).hexdigest()
