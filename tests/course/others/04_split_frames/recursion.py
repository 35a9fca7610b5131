def split_frames(data):
    found = read_header(data)
    if found is None or len(data) < found[4] + found[2]:
        return (), data
    end = found[4] + found[2]
    later, rest = split_frames(data[end:])
    return (data[found[4] : end], *later), memoryview(rest)
