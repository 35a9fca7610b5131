def read_header(data):
    data = memoryview(data)
    if len(data) >= 2:
        masked, form = divmod(data[1], 128)
        more = 2 if form == 126 else 8 if form == 127 else 0
        size = 2 + more + 4 * masked
        if len(data) >= size:
            length = int.from_bytes(data[2 : 2 + more], "big") if more else form
            key = bytearray(data[size - 4 : size]) if masked else None
            return [data[0] >> 7, data[0] & 15, length, key, size]
    return None
