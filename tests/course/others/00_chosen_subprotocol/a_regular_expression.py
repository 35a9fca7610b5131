import re


def chosen_subprotocol(answer):
    found = re.search(rb"(?im)^sec-websocket-protocol:[ \t]*([^\r\n]*)", answer)
    return found[1].decode().strip() if found else None
