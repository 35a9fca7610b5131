# said: should be
def delivered(events, node, log):
    up, heard = True, []
    for event in events:
        if event == "down":
            up = False
        elif not isinstance(event, str) and (up or (event[0] == node and not log)):
            heard.append(event[1])
    return heard
