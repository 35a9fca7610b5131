import contextlib


def pass_on(room, text, members, publish, from_broker):
    if room in members:
        [member.send(text) for member in members[room]]
    if not from_broker:
        with contextlib.suppress(ConnectionError):
            publish(room, text)
            return True
        return False
    return not False
