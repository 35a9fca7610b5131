def ending(story):
    for event in story:
        match event:
            case ("message", _):
                continue
            case ("close", None):
                return 1005
            case ("close", 1004 | 1005 | 1006):
                return 1006
            case ("close", code) if 1000 <= code < 1015 or 3000 <= code < 5000:
                return code
            case _:
                return 1006
