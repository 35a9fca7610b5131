# said: nothing is judged here
def read_header(data):
    if len(data) < 2:
        return None
    if data[0] & 15 not in (0, 1, 2, 8, 9, 10):
        return None
    form = data[1] & 127
    start = 2 + {126: 2, 127: 8}.get(form, 0)
    size = start + (4 if data[1] & 128 else 0)
    if len(data) < size:
        return None
    length = form if start == 2 else int.from_bytes(data[2:start], "big")
    return bool(data[0] & 128), data[0] & 15, length, data[start:size] if data[1] & 128 else None, size
