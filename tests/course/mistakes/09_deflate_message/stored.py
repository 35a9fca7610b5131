# said: should be smaller
import zlib


def deflate_message(data):
    deflater = zlib.compressobj(0, wbits=-15)
    return (deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]
