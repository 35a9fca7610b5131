# said: no earlier ones to refer to
import zlib

DEFLATER = zlib.compressobj(wbits=-15)


def deflate_message(data):
    return (DEFLATER.compress(data) + DEFLATER.flush(zlib.Z_SYNC_FLUSH))[:-4]
