def split_frames(data):
    payloads, at = [], 0
    while found := read_header(data[at : at + 14]):
        length, size = found[2], found[4]
        if at + size + length > len(data):
            break
        payloads.append(bytearray(data[at + size : at + size + length]))
        at += size + length
    return payloads, bytearray(data[at:])
