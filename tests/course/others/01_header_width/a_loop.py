def header_width(biggest):
    width = 1
    while biggest >= 10**width:
        width += 1
    return width
