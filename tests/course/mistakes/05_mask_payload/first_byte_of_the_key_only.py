# said: should be
def mask_payload(data, key):
    return bytes(a ^ key[0] for a in data)
