# said: should be
def resend(waiting, expected, window):
    if waiting and expected < waiting[0][0]:
        raise LookupError("the server has forgotten this device")
    while waiting and waiting[0][0] < expected:
        waiting.pop(0)
    return [n for n, _ in waiting[:window]]
