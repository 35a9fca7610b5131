# said: should be
KEPT = ("host", "user-agent", "origin")


def log_line(target, fields):

    path, mark, query = target.partition("?")
    shown = [f"{name}: {value if name.lower() in KEPT else '*'}" for name, value in fields]
    return "; ".join([path + mark + "*" * bool(query), *shown])
