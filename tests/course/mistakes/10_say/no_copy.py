# said: RuntimeError
def say(rooms, room, text):
    for member in rooms.get(room, set()):
        try:
            member.send(text)
        except ConnectionClosed:
            rooms[room].discard(member)
    if room in rooms and not rooms[room]:
        del rooms[room]
