# said: the key stands first
def accept_key(key):
    return base64.b64encode(hashlib.sha1((GUID + key).encode()).digest()).decode()
