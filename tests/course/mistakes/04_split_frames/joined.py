# said: should be a list of payloads
def split_frames(data):
    payloads = b""
    while (found := read_header(data)) is not None:
        *_, length, _key, size = found
        if len(data) < size + length:
            break
        payloads += data[size : size + length]
        data = data[size + length :]
    return payloads, data
