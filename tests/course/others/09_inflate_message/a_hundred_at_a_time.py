import zlib


def inflate_message(payload, limit):
    inflater, message = zlib.decompressobj(wbits=-15), bytearray()
    left = bytes(payload) + bytes([0, 0, 255, 255])
    while True:
        piece = inflater.decompress(left, 100)
        message += piece
        if len(message) > limit:
            raise ValueError(f"more than {limit} bytes")
        left = inflater.unconsumed_tail
        if not left and len(piece) < 100:
            return message
