# said: payload 1 should be bytes; got
def split_frames(data):
    payloads = []
    while (found := read_header(data)) is not None:
        *_, length, _key, size = found
        if len(data) < size + length:
            break
        payloads.append(length)
        data = data[size + length :]
    return payloads, data
