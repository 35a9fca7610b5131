# said: should be
import zlib


def inflate_message(payload, limit):
    data = zlib.decompressobj(wbits=-15).decompress(payload + b"\x00\x00\xff\xff", limit + 1)
    if len(data) > limit:
        raise ValueError("too large")
    return data.decode()
