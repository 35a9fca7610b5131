# said: 65536 bytes
def split_frames(data):
    out = []
    while len(data) >= 2:
        n, s = data[1], 2
        if n == 126:
            if len(data) < 4:
                break
            n, s = int.from_bytes(data[2:4], "big"), 4
        if len(data) < s + n:
            break
        out.append(data[s : s + n])
        data = data[s + n :]
    return out, data
