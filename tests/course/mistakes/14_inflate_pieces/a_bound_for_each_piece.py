# said: answer
import zlib


def inflate_pieces(pieces, most):
    inflater = zlib.decompressobj(-15)
    message = b""
    for piece in [*pieces, b"\x00\x00\xff\xff"]:
        part = inflater.decompress(piece, most + 1)
        if len(part) > most:
            return None
        message += part
    return message
