# said: inflate
import zlib


def inflate_pieces(pieces, most):
    inflater = zlib.decompressobj()
    message = inflater.decompress(b"".join(pieces), most + 1)
    return message if len(message) <= most else None
