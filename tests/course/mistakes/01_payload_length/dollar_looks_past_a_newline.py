# said: should raise ValueError
import re


def payload_length(header):
    if len(header) != 10 or not re.match(rb"\d+ *$", header):
        raise ValueError("no header")
    return int(header)
