# said: of more than the limit
import zlib


def inflate_message(payload, limit):
    data = zlib.decompressobj(wbits=-15).decompress(payload + b"\x00\x00\xff\xff", limit + 1)
    return data if len(data) <= limit else None
