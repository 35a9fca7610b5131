# said: should be
def mask_piece(data, key, offset):
    key = key[offset:] + key[:offset]
    return bytes(a ^ key[i % 4] for i, a in enumerate(data))
