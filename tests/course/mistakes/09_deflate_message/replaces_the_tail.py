# said: should inflate to the same
def deflate_message(data):
    d = zlib.compressobj(wbits=-15)
    return (d.compress(data) + d.flush(zlib.Z_SYNC_FLUSH)).replace(b"\x00\x00\xff\xff", b"")
