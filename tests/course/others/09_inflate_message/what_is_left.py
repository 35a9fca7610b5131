import zlib


def inflate_message(payload, limit):
    inflater = zlib.decompressobj(wbits=-15)
    data = inflater.decompress(payload + b"\x00\x00\xff\xff", limit) if limit else b""
    if inflater.unconsumed_tail and (not limit or inflater.decompress(inflater.unconsumed_tail, 1)):
        raise ValueError("too large")
    return data
