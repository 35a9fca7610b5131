# said: should be
KEPT = ("Host", "User-Agent", "Origin")


def log_line(target, fields):
    shown = [f"{name}: {value if name in KEPT else '*'}" for name, value in fields]
    return "; ".join([target.split("?")[0], *shown])
