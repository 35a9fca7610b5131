# said: header_width(0) should be 1
def header_width(biggest):
    width = 0
    while biggest:
        biggest //= 10
        width += 1
    return width
