# said: should be
def mask_payload(data, key):
    return bytes(a | key[i % 4] for i, a in enumerate(data))
