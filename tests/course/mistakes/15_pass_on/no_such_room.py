# said: how often it was published should be 1; got 0
def pass_on(room, text, members, publish, from_broker):
    if room not in members:
        return True
    for member in members[room]:
        member.send(text)
    if not from_broker:
        try:
            publish(room, text)
        except ConnectionError:
            return False
    return True
