# said: the rooms afterwards should be
def pass_on(room, text, members, publish, from_broker):
    for member in members.setdefault(room, set()):
        member.send(text)
    if not from_broker:
        try:
            publish(room, text)
        except ConnectionError:
            return False
    return True
