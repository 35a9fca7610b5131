# said: inflate
import zlib


def inflate_pieces(pieces, most):
    inflater = zlib.decompressobj(-15)
    message = inflater.decompress(b"".join(pieces) + b"\x00\x00\xff\xff", most + 1)
    if len(message) > most:
        raise ValueError(f"more than {most} bytes")
    return message
