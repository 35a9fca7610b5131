import binascii


def accept_key(key):
    digest = bytes.fromhex(hashlib.sha1(f"{key}{GUID}".encode()).hexdigest())
    return binascii.b2a_base64(digest, newline=False).decode()
