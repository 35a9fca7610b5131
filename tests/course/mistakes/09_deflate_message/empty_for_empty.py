# said: should be one byte, 00
def deflate_message(data):
    if not data:
        return b""
    d = zlib.compressobj(wbits=-15)
    return (d.compress(data) + d.flush(zlib.Z_SYNC_FLUSH))[:-4]
