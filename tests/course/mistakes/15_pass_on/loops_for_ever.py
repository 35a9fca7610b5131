# said: from the broker: how often it was published should be 0; got 1
def pass_on(room, text, members, publish, from_broker):
    for member in members.get(room, ()):
        member.send(text)
    try:
        publish(room, text)
    except ConnectionError:
        return from_broker
    return True
