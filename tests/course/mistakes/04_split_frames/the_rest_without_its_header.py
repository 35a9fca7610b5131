# said: the bytes left over
def split_frames(data):
    payloads = []
    while (found := read_header(data)) is not None:
        *_, length, _key, size = found
        if len(data) < size + length:
            return payloads, data[size:]
        payloads.append(data[size : size + length])
        data = data[size + length :]
    return payloads, data
