# said: should inflate to
import gzip


def deflate_message(data):
    return gzip.compress(data)
