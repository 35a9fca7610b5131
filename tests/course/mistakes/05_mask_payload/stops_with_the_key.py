# said: the key repeats
def mask_payload(data, key):
    return bytes(a ^ b for a, b in zip(data, key, strict=False))
