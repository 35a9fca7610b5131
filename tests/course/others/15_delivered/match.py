def delivered(events, node, log):
    up, waiting, heard = True, [], []
    for event in events:
        match event:
            case "down":
                up = False
            case "up":
                up = True
                heard.extend(waiting)
                waiting.clear()
            case (_, text) if up:
                heard.append(text)
            case (_, text) if log:
                waiting.append(text)
            case (who, text) if who == node:
                heard.append(text)
    return heard
