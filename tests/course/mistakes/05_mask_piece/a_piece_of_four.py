# said: should be
def mask_piece(data, key, offset):
    turned = key[offset % 4 :] + key[: offset % 4]
    return bytes(a ^ b for a, b in zip(data, turned, strict=False))
