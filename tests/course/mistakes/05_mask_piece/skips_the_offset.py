# said: should be
def mask_piece(data, key, offset):
    data = data[offset:]
    return bytes(byte ^ key[i % 4] for i, byte in enumerate(data))
