# said: in memory
import zlib


def inflate_message(payload, limit):
    inflater, data = zlib.decompressobj(wbits=-15), b""
    payload += b"\x00\x00\xff\xff"
    while payload:
        data += inflater.decompress(payload, 1 << 20)
        payload = inflater.unconsumed_tail
    if len(data) > limit:
        raise ValueError("too large")
    return data
