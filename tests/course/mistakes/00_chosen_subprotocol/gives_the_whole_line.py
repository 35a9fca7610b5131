# said: should be
def chosen_subprotocol(answer):
    for line in answer.decode().split("\r\n"):
        if line.lower().startswith("sec-websocket-protocol"):
            return line
