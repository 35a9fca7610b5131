# said: should be bytes; got
def mask_payload(data, key):
    return bytes(byte ^ key[i % 4] for i, byte in enumerate(data)).hex(" ")
