# said: should be
def header_width(biggest):
    return str(len(str(biggest)))
