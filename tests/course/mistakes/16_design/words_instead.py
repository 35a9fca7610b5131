# said: should give a dict
def design(needs):
    return "a WebSocket, I think"
