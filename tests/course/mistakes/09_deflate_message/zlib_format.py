# said: should inflate to
import zlib


def deflate_message(data):
    return zlib.compress(data)
