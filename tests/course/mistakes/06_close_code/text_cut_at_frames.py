# said: should be
def close_code(frames, limit):
    size = 0
    for _fin, _opcode, payload in frames:
        size += len(payload)
        if size > limit:
            return 1009
        if frames[0][1] == 1:
            try:
                payload.decode()
            except UnicodeDecodeError:
                return 1007
    return None
