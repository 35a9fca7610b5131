# said: raised
import zlib


def inflate_message(payload, limit):
    inflater = zlib.decompressobj(wbits=-15)
    data = inflater.decompress(payload + b"\x00\x00\xff\xff", limit)
    if len(data) >= limit:
        raise ValueError("too large")
    return data
