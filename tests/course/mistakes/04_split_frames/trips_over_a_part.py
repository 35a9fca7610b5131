# said: your code raised
def split_frames(data):
    found = []
    while data:
        _fin, _opcode, length, _key, size = read_header(data)
        found.append(data[size : size + length])
        data = data[size + length :]
    return found, data
