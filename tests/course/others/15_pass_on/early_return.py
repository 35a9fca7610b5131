def pass_on(room, text, members, publish, from_broker):
    for member in list(members.get(room, [])):
        member.send(text)
    if from_broker:
        return True
    try:
        publish(room, text)
        return True
    except OSError:
        return False
