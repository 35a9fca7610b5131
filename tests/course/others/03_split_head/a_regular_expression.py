import re


def split_head(data):
    found = re.search(rb"\r\n\r\n", data)
    return found and (data[: found.end()], memoryview(data)[found.end() :])
