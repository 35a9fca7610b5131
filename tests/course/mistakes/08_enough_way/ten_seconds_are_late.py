# said: should be
def enough_way(late, talks_back, binary):
    if talks_back:
        return "WebSocket"
    if late >= 10:
        return "short polling"
    return "WebSocket" if binary else "SSE"
