# said: should be
def mask_payload(data, key):
    return bytes(a ^ b for a, b in zip(data, key * 100, strict=False))
