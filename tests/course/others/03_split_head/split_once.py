def split_head(data):
    parts = bytearray(data).split(b"\r\n\r\n", 1)
    if len(parts) == 1:
        return None
    return parts[0] + b"\r\n\r\n", parts[1]
