# said: whether nothing is missing elsewhere should be False; got True
def pass_on(room, text, members, publish, from_broker):
    for member in members.get(room, ()):
        member.send(text)
    if not from_broker:
        try:
            publish(room, text)
        except ConnectionError:
            pass
    return True
