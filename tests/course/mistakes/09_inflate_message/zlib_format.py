# said: raised
import zlib


def inflate_message(payload, limit):
    return zlib.decompress(payload)
