# said: should be
KEPT = ("host", "user-agent", "origin")


def log_line(target, fields):

    shown = [f"{name}: {value}" for name, value in fields if name.lower() in KEPT]
    return "; ".join([target.split("?")[0], *shown])
