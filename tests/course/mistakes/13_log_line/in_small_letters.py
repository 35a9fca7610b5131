# said: should be
KEPT = ("host", "user-agent", "origin")


def log_line(target, fields):

    fields = [(name.lower(), value) for name, value in fields]
    shown = [f"{name}: {value if name in KEPT else '*'}" for name, value in fields]
    return "; ".join([target.split("?")[0], *shown])
