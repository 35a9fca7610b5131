# said: should be
def log_line(target, fields):
    return "; ".join([target.split("?")[0], *(f"{name}: *" for name, _ in fields)])
