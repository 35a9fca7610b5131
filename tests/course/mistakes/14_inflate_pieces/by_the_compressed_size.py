# said: answer
import zlib


def inflate_pieces(pieces, most):
    if sum(map(len, pieces)) > most:
        return None
    inflater = zlib.decompressobj(-15)
    return inflater.decompress(b"".join(pieces) + b"\x00\x00\xff\xff")
