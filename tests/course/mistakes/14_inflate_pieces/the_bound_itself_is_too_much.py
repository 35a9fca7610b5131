# said: should be its bytes
import zlib


def inflate_pieces(pieces, most):
    inflater = zlib.decompressobj(-15)
    message = inflater.decompress(b"".join(pieces) + b"\x00\x00\xff\xff", most + 1)
    return message if len(message) < most else None
