# said: KeyError
def say(rooms, room, text):
    for member in list(rooms[room]):
        try:
            member.send(text)
        except ConnectionClosed:
            rooms[room].discard(member)
    if not rooms[room]:
        del rooms[room]
