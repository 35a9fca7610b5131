# said: should be
def enough_way(late, talks_back, binary):
    if talks_back:
        return "WebSocket"
    return "short polling" if late >= 3600 else "WebSocket" if binary else "SSE"
