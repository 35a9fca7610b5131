def resend(waiting, expected, window):
    if not waiting:
        return []
    stored = expected - waiting[0][0]
    if stored < 0:
        raise LookupError(expected)
    del waiting[:stored]
    return waiting[0:window]
