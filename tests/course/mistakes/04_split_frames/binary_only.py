# said: the payloads should be
def split_frames(data):
    out = []
    while data[:1] == b"\x82" and (f := read_header(data)) is not None:
        if len(data) < f[4] + f[2]:
            break
        out.append(data[f[4] : f[4] + f[2]])
        data = data[f[4] + f[2] :]
    return out, data
