def payload_length(header):
    if len(header) != 10 or not 48 <= header[0] <= 57:
        raise ValueError("no header")
    size, padding = 0, False
    for byte in header:
        if byte == 0x20:
            padding = True
        elif padding or not 48 <= byte <= 57:
            raise ValueError("no header")
        else:
            size = 10 * size + byte - 48
    return size
