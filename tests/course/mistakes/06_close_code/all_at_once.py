# said: should be
def close_code(frames, limit):
    data = b"".join(payload for fin, opcode, payload in frames)
    if len(data) > limit:
        return 1009
    try:
        data.decode()
    except UnicodeDecodeError:
        return 1007
    return None
