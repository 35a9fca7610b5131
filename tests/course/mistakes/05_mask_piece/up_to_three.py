# said: should be
def mask_piece(data, key, offset):
    return bytes(byte ^ key[(offset + i) if offset + i < 4 else i] for i, byte in enumerate(data))
