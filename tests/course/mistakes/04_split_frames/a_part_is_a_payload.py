# said: the payloads should be
def split_frames(data):
    payloads = []
    while (found := read_header(data)) is not None:
        *_, length, _key, size = found
        payloads.append(data[size : size + length])
        data = data[size + length :]
    return payloads, data
