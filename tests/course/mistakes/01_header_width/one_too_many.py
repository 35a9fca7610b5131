# said: should be
def header_width(biggest):
    return len(str(biggest)) + 1
