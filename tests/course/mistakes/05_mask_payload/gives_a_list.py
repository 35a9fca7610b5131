# said: should be bytes; got
def mask_payload(data, key):
    return [a ^ key[i % 4] for i, a in enumerate(data)]
