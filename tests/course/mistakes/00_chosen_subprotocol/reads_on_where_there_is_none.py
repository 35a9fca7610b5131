# said: where the answer has no such line, should be None
def chosen_subprotocol(answer):
    start = answer.lower().find(b"sec-websocket-protocol")
    return answer[start + 24 :].split(b"\r\n")[0].decode()
