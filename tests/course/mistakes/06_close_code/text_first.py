# said: should be
import codecs


def close_code(frames, limit):
    decoder, size, text = codecs.getincrementaldecoder("utf-8")(), 0, frames[0][1] == 1
    for fin, _, payload in frames:
        if text:
            try:
                decoder.decode(payload, final=fin)
            except UnicodeDecodeError:
                return 1007
        size += len(payload)
        if size > limit:
            return 1009
    return None
