def close_code(frames, limit):
    data = b""
    for fin, _, payload in frames:
        data += payload
        if len(data) > limit:
            return 1009
        if frames[0][1] == 1:
            try:
                data.decode()
            except UnicodeDecodeError as error:
                if fin or error.reason != "unexpected end of data":
                    return 1007
