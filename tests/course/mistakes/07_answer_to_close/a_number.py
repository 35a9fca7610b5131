# said: should be
def answer_to_close(payload):
    return int.from_bytes(payload[:2], "big") if payload else b""
