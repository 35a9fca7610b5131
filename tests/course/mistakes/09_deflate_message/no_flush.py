# said: should inflate to
import zlib


def deflate_message(data):
    return zlib.compressobj(wbits=-15).compress(data)
