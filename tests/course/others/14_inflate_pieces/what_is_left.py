import zlib


def inflate_pieces(pieces, most):
    inflater = zlib.decompressobj(wbits=-15)
    parts, left = [], most
    for piece in [*pieces, bytes.fromhex("0000ffff")]:
        part = inflater.decompress(piece, left + 1)
        left -= len(part)
        if left < 0:
            return None
        parts.append(part)
    return b"".join(parts)
