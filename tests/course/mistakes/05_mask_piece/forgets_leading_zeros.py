# said: should be 00
def mask_piece(data, key, offset):
    turned = key[offset % 4 :] + key[: offset % 4]
    keys = (turned * (len(data) // 4 + 1))[: len(data)]
    number = int.from_bytes(data, "big") ^ int.from_bytes(keys, "big")
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
