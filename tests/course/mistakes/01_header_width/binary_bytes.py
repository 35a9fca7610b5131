# said: should be
def header_width(biggest):
    return (biggest.bit_length() + 7) // 8
