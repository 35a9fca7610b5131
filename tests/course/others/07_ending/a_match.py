def ending(story):
    for event in story:
        match event:
            case ("message", _):
                continue
            case ("close", None):
                return 1005
            case ("close", 1005 | 1006 | 1015):
                return 1006
            case ("close", code):
                return code
            case _:
                return 1006
