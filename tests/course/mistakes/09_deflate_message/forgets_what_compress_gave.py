# said: should inflate to
def deflate_message(data):
    d = zlib.compressobj(wbits=-15)
    d.compress(data)
    return d.flush(zlib.Z_SYNC_FLUSH)[:-4]
