# said: should
import re

KEPT = ("host", "user-agent", "origin")


def log_line(target, fields):
    shown = [f"{name}: {value if name.lower() in KEPT else '*'}" for name, value in fields]
    return "; ".join([re.sub(r"(ticket|token)=[^&]*", r"=*", target), *shown])
