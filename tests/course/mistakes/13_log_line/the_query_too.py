# said: should
KEPT = ("host", "user-agent", "origin")


def log_line(target, fields):

    shown = [f"{name}: {value if name.lower() in KEPT else '*'}" for name, value in fields]
    return "; ".join([target, *shown])
