import zlib


def deflate_message(data):
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush(zlib.Z_FINISH) + b"\x00"
