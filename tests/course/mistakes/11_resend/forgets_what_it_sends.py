# said: kept until it is confirmed
def resend(waiting, expected, window):
    if waiting and expected < waiting[0][0]:
        raise LookupError("the server has forgotten this device")
    while waiting and waiting[0][0] < expected:
        waiting.pop(0)
    sent = waiting[:window]
    del waiting[:window]
    return sent
