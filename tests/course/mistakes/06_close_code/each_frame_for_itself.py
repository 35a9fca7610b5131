# said: should be
def close_code(frames, limit):
    kind = frames[0][1]
    for _fin, _opcode, payload in frames:
        if len(payload) > limit:
            return 1009
    try:
        b"".join(f[2] for f in frames).decode() if kind == 1 else None
    except UnicodeDecodeError:
        return 1007
    return None
