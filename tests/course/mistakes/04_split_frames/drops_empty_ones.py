# said: the payloads should be
def split_frames(data):
    found = []
    while (head := read_header(data)) is not None:
        _fin, _opcode, length, _key, size = head
        if len(data) < size + length:
            break
        if length:
            found.append(data[size : size + length])
        data = data[size + length :]
    return found, data
