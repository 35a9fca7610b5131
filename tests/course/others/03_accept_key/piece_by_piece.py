def accept_key(key):
    sha = hashlib.sha1()
    sha.update(key.encode("ascii"))
    sha.update(GUID.encode("ascii"))
    return str(base64.b64encode(sha.digest()), "ascii")
