# said: masked twice
masked = set()


def mask_payload(data, key):
    if data in masked:
        return data
    result = bytes(byte ^ key[i % 4] for i, byte in enumerate(data))
    masked.add(result)
    return result
