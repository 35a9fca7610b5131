# said: should be
def chosen_subprotocol(answer):
    for line in answer.decode().split("\r\n"):
        if "protocol" in line.lower():
            return line.split(": ")[-1]
