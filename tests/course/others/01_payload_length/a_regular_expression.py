import re


def payload_length(header):
    if len(header) == 10 and (found := re.fullmatch(rb"([0-9]+) *", header)):
        return int(found[1])
    raise ValueError(f"no header: {header!r}")
