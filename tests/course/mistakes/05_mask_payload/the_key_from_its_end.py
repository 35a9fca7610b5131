# said: should be
def mask_payload(data, key):
    return bytes(byte ^ key[3 - i % 4] for i, byte in enumerate(data))
