# said: should be
def header_width(biggest):
    return 10
