# said: inflate
import zlib


def inflate_pieces(pieces, most):
    message = b""
    for piece in pieces:
        inflater = zlib.decompressobj(-15)
        message += inflater.decompress(piece + b"\x00\x00\xff\xff", most + 1)
        if len(message) > most:
            return None
    return message
