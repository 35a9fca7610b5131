# said: the members who heard it should be
def pass_on(room, text, members, publish, from_broker):
    for people in members.values():
        for member in people:
            member.send(text)
    if not from_broker:
        try:
            publish(room, text)
        except ConnectionError:
            return False
    return True
