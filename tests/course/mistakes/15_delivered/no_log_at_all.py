# said: log=True) should be
def delivered(events, node, log):
    up, heard = True, []
    for event in events:
        if isinstance(event, str):
            up = event == "up"
        elif up or event[0] == node:
            heard.append(event[1])
    return heard
