import codecs


def close_code(frames, limit):
    new = codecs.getincrementaldecoder("utf-8" if frames[0][1] == 1 else "latin-1")
    decoder, left = new(), limit
    for fin, _, payload in frames:
        left -= len(payload)
        if left < 0:
            return 1009
        try:
            decoder.decode(payload, fin)
        except UnicodeError:
            return 1007
    return None
