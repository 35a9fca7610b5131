# said: has forgotten
def resend(waiting, expected, window):
    forgotten = waiting and expected < waiting[0][0]
    while waiting and (forgotten or waiting[0][0] < expected):
        waiting.pop(0)
    if forgotten:
        raise LookupError("the server has forgotten this device")
    return waiting[:window]
