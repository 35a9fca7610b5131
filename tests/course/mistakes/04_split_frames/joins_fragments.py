# said: the payloads should be
def split_frames(data):
    out, part = [], b""
    while (f := read_header(data)) is not None:
        if len(data) < f[4] + f[2]:
            break
        part += data[f[4] : f[4] + f[2]]
        data = data[f[4] + f[2] :]
        if f[0]:
            out.append(part)
            part = b""
    return out, data
