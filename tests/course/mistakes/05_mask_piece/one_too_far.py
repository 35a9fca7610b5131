# said: should be
def mask_piece(data, key, offset):
    return bytes(byte ^ key[(offset + i + 1) % 4] for i, byte in enumerate(data))
