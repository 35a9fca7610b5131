# said: in memory
import zlib


def inflate_message(payload, limit):
    data = zlib.decompressobj(wbits=-15).decompress(payload + b"\x00\x00\xff\xff")
    if len(data) > limit:
        raise ValueError("too large")
    return data
