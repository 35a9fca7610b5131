# said: should be
def delivered(events, node, log):
    up, waiting, heard = True, [], []
    for event in events:
        if isinstance(event, str):
            up = event == "up"
        elif log and not up:
            waiting.append(event[1])
        elif up or event[0] == node:
            heard.append(event[1])
    return heard + waiting
