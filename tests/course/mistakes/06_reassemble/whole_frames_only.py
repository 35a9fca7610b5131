# said: should be
def reassemble(frames):
    return [p.decode() if op == 1 else p for fin, op, p in frames if fin and op < 8]
