# said: should be
def chosen_subprotocol(answer):
    return answer.lower().split(b"sec-websocket-protocol: ")[1].split(b"\r\n")[0].decode()
