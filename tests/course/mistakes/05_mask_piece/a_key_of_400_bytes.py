# said: 'abcd' at offset
def mask_piece(data, key, offset):
    long = (key * 100)[offset:]
    return bytes(a ^ b for a, b in zip(data, long, strict=False))
