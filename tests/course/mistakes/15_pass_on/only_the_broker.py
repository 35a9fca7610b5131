# said: the members who heard it should be
def pass_on(room, text, members, publish, from_broker):
    if from_broker:
        for member in members.get(room, ()):
            member.send(text)
        return True
    try:
        publish(room, text)
    except ConnectionError:
        return False
    return True
