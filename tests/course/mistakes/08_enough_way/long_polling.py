# said: should be
def enough_way(late, talks_back, binary):
    if talks_back:
        return "WebSocket"
    return "long polling" if late >= 60 else "WebSocket" if binary else "SSE"
