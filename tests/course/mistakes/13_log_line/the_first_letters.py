# said: should be
KEPT = ("host", "user-agent", "origin")


def log_line(target, fields):

    shown = [f"{name}: {value if name.lower() in KEPT else value[:4] + '*'}" for name, value in fields]
    return "; ".join([target.split("?")[0], *shown])
