def delivered(events, node, log):
    heard, waiting, up = [], [], True
    for event in events:
        if event == "up":
            heard, waiting, up = heard + waiting, [], True
        elif event == "down":
            up = False
        else:
            who, text = event
            place = heard if up or (not log and who == node) else waiting if log else []
            place.append(text)
    return tuple(heard)
