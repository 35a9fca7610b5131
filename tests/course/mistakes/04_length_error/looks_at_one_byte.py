# said: should be
def length_error(data):
    form = data[1] & 0x7F
    return form in (126, 127) and data[2] < 126
