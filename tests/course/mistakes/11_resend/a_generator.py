# said: a list of messages
def resend(waiting, expected, window):
    if waiting and expected < waiting[0][0]:
        raise LookupError("the server has forgotten this device")
    while waiting and waiting[0][0] < expected:
        waiting.pop(0)
    return (message for message in waiting[:window])
