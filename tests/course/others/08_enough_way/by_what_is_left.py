def enough_way(late, talks_back, binary):
    if not talks_back and late >= 60:
        return "short polling"
    if talks_back or binary:
        return "WebSocket"
    return "SSE"
