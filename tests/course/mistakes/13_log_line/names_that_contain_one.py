# said: should not be there
def log_line(target, fields):
    kept = ("host", "user-agent", "origin")
    shown = [
        f"{name}: {value if any(one in name.lower() for one in kept) else '*'}" for name, value in fields
    ]
    return "; ".join([target.partition("?")[0], *shown])
