# said: of more than the limit should raise ValueError; it raised MemoryError
import zlib


def inflate_message(payload, limit):
    inflater = zlib.decompressobj(wbits=-15)
    data = inflater.decompress(payload + b"\x00\x00\xff\xff", limit + 1)
    if len(inflater.unconsumed_tail) > 4:
        raise MemoryError("a bomb")
    if len(data) > limit:
        raise ValueError("too large")
    return data
