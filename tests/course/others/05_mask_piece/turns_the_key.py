def mask_piece(data, key, offset):
    start = offset % 4
    turned = key[start:] + key[:start]
    return bytes(byte ^ turned[i % 4] for i, byte in enumerate(data))
