def enough_way(late, talks_back, binary):
    table = [(talks_back, "WebSocket"), (late >= 60, "short polling"), (binary, "WebSocket"), (True, "SSE")]
    return next(way for holds, way in table if holds)
