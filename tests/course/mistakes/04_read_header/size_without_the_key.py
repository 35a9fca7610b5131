# said: should be
def read_header(data):
    if len(data) < 2:
        return None
    form = data[1] & 0x7F
    start = 2 + {126: 2, 127: 8}.get(form, 0)
    size = start + (4 if data[1] & 0x80 else 0)
    if len(data) < size:
        return None
    length = form if start == 2 else int.from_bytes(data[2:start], "big")
    key = data[start:size] if data[1] & 0x80 else None
    return bool(data[0] & 0x80), data[0] & 0x0F, length, key, start
