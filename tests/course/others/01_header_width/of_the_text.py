def header_width(biggest):
    return len(f"{biggest:d}".encode("ascii"))
