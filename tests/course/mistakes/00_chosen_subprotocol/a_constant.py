# said: should be
def chosen_subprotocol(answer):
    return "v1.kernel.websocket.jupyter.org"
