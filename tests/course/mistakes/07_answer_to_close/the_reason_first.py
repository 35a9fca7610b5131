# said: should be 03 ea
def answer_to_close(payload):
    if not payload:
        return b""
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        return (1007).to_bytes(2, "big")
    if len(payload) == 1 or not may_be_sent(int.from_bytes(payload[:2], "big")):
        return (1002).to_bytes(2, "big")
    return payload[:2]
