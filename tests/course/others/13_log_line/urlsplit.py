from urllib.parse import urlsplit


def log_line(target, fields):
    kept = {"host": 1, "origin": 1, "user-agent": 1}
    parts = [name + ": " + (value if kept.get(name.lower()) else "*") for name, value in fields]
    return "; ".join([urlsplit("http://x" + target).path, *parts])
