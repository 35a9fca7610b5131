# said: should be
def chosen_subprotocol(answer):
    for line in answer.decode().lower().split("\r\n"):
        if line.startswith("sec-websocket-protocol: "):
            return line.split(": ")[1]
