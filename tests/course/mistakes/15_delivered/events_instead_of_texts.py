# said: should be
def delivered(events, node, log):
    up, waiting, heard = True, [], []
    for event in events:
        if isinstance(event, str):
            up = event == "up"
            if up:
                heard += waiting
                waiting = []
        elif log and not up:
            waiting.append(event)
        elif up or event[0] == node:
            heard.append(event)
    return heard
