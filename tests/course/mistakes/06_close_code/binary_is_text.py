# said: should be None; got 1007
import codecs


def close_code(frames, limit):
    decoder, size = codecs.getincrementaldecoder("utf-8")(), 0
    for fin, _, payload in frames:
        size += len(payload)
        if size > limit:
            return 1009
        try:
            decoder.decode(payload, final=fin)
        except UnicodeDecodeError:
            return 1007
    return None
