# said: of more than the limit
import zlib


def inflate_message(payload, limit):
    if len(payload) > limit:
        raise ValueError("too large")
    return zlib.decompressobj(wbits=-15).decompress(payload + b"\x00\x00\xff\xff")
