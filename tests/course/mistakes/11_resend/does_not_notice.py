# said: should raise LookupError
def resend(waiting, expected, window):
    while waiting and waiting[0][0] < expected:
        waiting.pop(0)
    return waiting[:window]
