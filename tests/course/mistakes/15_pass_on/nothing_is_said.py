# said: the members who heard it
def pass_on(room, text, members, publish, from_broker):
    if not text:
        return True
    for member in members.get(room, ()):
        member.send(text)
    if from_broker:
        return True
    try:
        publish(room, text)
    except ConnectionError:
        return False
    return True
