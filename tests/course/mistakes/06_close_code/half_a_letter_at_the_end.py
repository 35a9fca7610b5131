# said: should be 1007; got None
import codecs


def close_code(frames, limit):
    decoder, size, text = codecs.getincrementaldecoder("utf-8")(), 0, frames[0][1] == 1
    for _, _, payload in frames:
        size += len(payload)
        if size > limit:
            return 1009
        if text:
            try:
                decoder.decode(payload)
            except UnicodeDecodeError:
                return 1007
    return None
