# said: should be 1007; got None
import codecs


def close_code(frames, limit):
    decoder, size = codecs.getincrementaldecoder("utf-8")(), 0
    for fin, opcode, payload in frames:
        size += len(payload)
        if size > limit:
            return 1009
        if opcode == 1:
            try:
                decoder.decode(payload, final=fin)
            except UnicodeDecodeError:
                return 1007
