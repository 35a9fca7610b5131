# said: should be
def enough_way(late, talks_back, binary):
    return "short polling" if late >= 60 else "WebSocket" if talks_back or binary else "SSE"
