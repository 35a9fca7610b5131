# said: should be
def answer_to_close(payload):
    return b""
