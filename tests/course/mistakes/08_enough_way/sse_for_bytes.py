# said: should be
def enough_way(late, talks_back, binary):
    return "WebSocket" if talks_back else "short polling" if late >= 60 else "SSE"
