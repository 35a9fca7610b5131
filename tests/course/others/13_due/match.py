def due(expires, now, told):
    match (expires is not None and now >= expires, expires is not None and now + 60 >= expires, told):
        case (True, _, _):
            return "close"
        case (_, True, False):
            return "tell"
