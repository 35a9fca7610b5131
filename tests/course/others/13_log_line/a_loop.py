def log_line(target, fields):
    line = target[: target.index("?")] if "?" in target else target
    for name, value in fields:
        if name.casefold() not in {"host", "origin", "user-agent"}:
            value = "*"
        line += f"; {name}: {value}"
    return line
