# said: should be
def split_frames(data):
    found = []
    while len(data) >= 2:
        size = 2 + (data[1] & 0x7F)
        found.append(data[2:size])
        data = data[size:]
    return found, data
