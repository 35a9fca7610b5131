def length_error(data):
    form = data[1] % 128
    if form == 126:
        return data[2] == 0 and data[3] < 126
    if form == 127:
        return data[2:8] == bytes(6) or data[2] >= 128
