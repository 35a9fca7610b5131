# said: should be
def enough_way(late, talks_back, binary):
    return "WebSocket"
