# said: tea
def say(rooms, room, text):
    try:
        for member in list(rooms.get(room, ())):
            member.send(text)
    except ConnectionClosed:
        rooms[room].discard(member)
    if room in rooms and not rooms[room]:
        del rooms[room]
