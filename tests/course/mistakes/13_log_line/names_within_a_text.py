# said: should not be there
def log_line(target, fields):
    kept = "host, user-agent, origin"
    shown = [f"{name}: {value if name.lower() in kept else '*'}" for name, value in fields]
    return "; ".join([target.partition("?")[0], *shown])
