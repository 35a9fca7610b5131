# said: should be
def enough_way(late, talks_back, binary):
    return "WebSocket" if talks_back or binary else "short polling" if late >= 60 else "SSE"
