# said: should be
def answer_to_close(payload):
    return payload[:2] or (1005).to_bytes(2, "big")
