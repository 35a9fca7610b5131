# said: is the message: it should be True
import zlib


def inflate_pieces(pieces, most):
    inflater = zlib.decompressobj(-15)
    message = b""
    for piece in [*pieces, b"\x00\x00\xff\xff"]:
        message = inflater.decompress(piece, most - len(message) + 1) + message
        if len(message) > most:
            return None
    return message
