# said: IndexError
def resend(waiting, expected, window):
    if expected < waiting[0][0]:
        raise LookupError("the server has forgotten this device")
    while waiting[0][0] < expected:
        waiting.pop(0)
    return waiting[:window]
