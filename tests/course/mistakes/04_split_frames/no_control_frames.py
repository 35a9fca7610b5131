# said: the payloads should be
def split_frames(data):
    out = []
    while (f := read_header(data)) is not None:
        if len(data) < f[4] + f[2]:
            break
        if f[1] < 8:
            out.append(data[f[4] : f[4] + f[2]])
        data = data[f[4] + f[2] :]
    return out, data
