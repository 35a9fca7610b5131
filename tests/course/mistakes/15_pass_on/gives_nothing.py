# said: whether nothing is missing elsewhere should be True; got
def pass_on(room, text, members, publish, from_broker):
    for member in members.get(room, ()):
        member.send(text)
    if not from_broker:
        try:
            publish(room, text)
        except ConnectionError:
            return False
