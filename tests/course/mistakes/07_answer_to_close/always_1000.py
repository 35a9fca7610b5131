# said: should be
def answer_to_close(payload):
    return (1000).to_bytes(2, "big")
