import zlib


def deflate_message(data):
    deflater = zlib.compressobj(method=zlib.DEFLATED, wbits=15)
    flushed = bytearray(deflater.compress(data))
    flushed += deflater.flush(zlib.Z_SYNC_FLUSH)
    assert flushed[-4:] == b"\x00\x00\xff\xff"
    return flushed[2:-4]
