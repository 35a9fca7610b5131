# said: should be
def resend(waiting, expected, window):
    if waiting and expected < waiting[0][0]:
        raise LookupError("the server has forgotten this device")
    return waiting[:window]
