# said: \r'
def chosen_subprotocol(answer):
    for line in answer.decode().split("\n"):
        name, _, value = line.partition(": ")
        if name.lower() == "sec-websocket-protocol":
            return value
