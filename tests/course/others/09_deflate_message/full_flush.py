import zlib


def deflate_message(data):
    deflater = zlib.compressobj(level=9, wbits=-9, memLevel=1)
    flushed = deflater.compress(data) + deflater.flush(zlib.Z_FULL_FLUSH)
    return flushed.removesuffix(b"\x00\x00\xff\xff")
