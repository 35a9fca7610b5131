# said: ConnectionError: the broker is dead
def pass_on(room, text, members, publish, from_broker):
    for member in members.get(room, ()):
        member.send(text)
    if not from_broker:
        publish(room, text)
    return True
