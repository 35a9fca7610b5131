# said: as text (str), not as bytes
def chosen_subprotocol(answer):
    for line in answer.split(b"\r\n"):
        if line.lower().startswith(b"sec-websocket-protocol: "):
            return line[24:]
