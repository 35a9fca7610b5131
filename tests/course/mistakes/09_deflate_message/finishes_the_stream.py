# said: should inflate to
import zlib


def deflate_message(data):
    deflater = zlib.compressobj(wbits=-15)
    return (deflater.compress(data) + deflater.flush())[:-4]
