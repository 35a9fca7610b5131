# said: what is published
def pass_on(room, text, members, publish, from_broker):
    for member in members.get(room, ()):
        member.send(text)
    if not from_broker:
        try:
            publish(text, room)
        except ConnectionError:
            return False
    return True
