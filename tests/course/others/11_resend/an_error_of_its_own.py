class Forgotten(LookupError):
    """The server expects a number that it has confirmed before."""


def resend(waiting, expected, window):
    if waiting and waiting[0][0] > expected:
        raise Forgotten(f"number {expected} is gone")
    while waiting and waiting[0][0] < expected:
        del waiting[0]
    return waiting[:window]
