# said: of a bomb in 512 pieces
import zlib


def inflate_pieces(pieces, most):
    inflater = zlib.decompressobj(-15)
    message, sizes = b"", []
    for piece in [*pieces, b"\x00\x00\xff\xff"]:
        part = inflater.decompress(piece, most + 1)
        sizes = [*sizes[-5:], len(part)]
        if sum(sizes) > most:
            return None
        message += part
    return message
