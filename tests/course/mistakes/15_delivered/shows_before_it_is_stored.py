# said: log=True) should be
def delivered(events, node, log):
    up, waiting, heard = True, [], []
    for event in events:
        if isinstance(event, str):
            up = event == "up"
            if up:
                heard += waiting
                waiting = []
        elif up or event[0] == node:
            heard.append(event[1])
        elif log:
            waiting.append(event[1])
    return heard
