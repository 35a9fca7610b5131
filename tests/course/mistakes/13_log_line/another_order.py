# said: should be
KEPT = ("host", "user-agent", "origin")


def log_line(target, fields):

    shown = [f"{name}: {value if name.lower() in KEPT else '*'}" for name, value in sorted(fields)]
    return "; ".join([target.split("?")[0], *shown])
