# said: and one byte more: the bytes left over should be 82; got no bytes
def split_frames(data):
    found = []
    while len(data) >= 2:
        length, start = data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + length:
            break
        found.append(data[start : start + length])
        data = b"" if start == 10 else data[start + length :]
    return found, data
