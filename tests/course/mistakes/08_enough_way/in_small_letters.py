# said: should be
def enough_way(late, talks_back, binary):
    if talks_back:
        return "websocket"
    return "short polling" if late >= 60 else "websocket" if binary else "sse"
