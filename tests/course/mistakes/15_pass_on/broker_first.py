# said: the members here should hear it first
def pass_on(room, text, members, publish, from_broker):
    told = True
    if not from_broker:
        try:
            publish(room, text)
        except ConnectionError:
            told = False
    for member in members.get(room, ()):
        member.send(text)
    return told
