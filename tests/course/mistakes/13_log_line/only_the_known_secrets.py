# said: should not be there
SECRET = ("cookie", "authorization", "sec-websocket-protocol")


def log_line(target, fields):
    shown = [f"{name}: {'*' if name.lower() in SECRET else value}" for name, value in fields]
    return "; ".join([target.split("?")[0], *shown])
