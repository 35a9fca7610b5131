# said: should be
def delivered(events, node, log):
    up, waiting, heard = True, [], []
    for event in events:
        if isinstance(event, str):
            up = event == "up"
            if up:
                heard += waiting
                waiting = []
        elif event[0] == node:
            continue
        elif log and not up:
            waiting.append(event[1])
        elif up:
            heard.append(event[1])
    return heard
