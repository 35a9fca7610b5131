# said: kept until it is confirmed
def resend(waiting, expected, window):
    if waiting and expected < waiting[0][0]:
        raise LookupError("the server has forgotten this device")
    return [message for message in waiting if message[0] >= expected][:window]
