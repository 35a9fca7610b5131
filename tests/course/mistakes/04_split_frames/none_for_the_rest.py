# said: the bytes left over should be bytes; got None
def split_frames(data):
    payloads = []
    while (found := read_header(data)) is not None:
        *_, length, _key, size = found
        if len(data) < size + length:
            break
        payloads.append(data[size : size + length])
        data = data[size + length :]
    return payloads, data if data else None
