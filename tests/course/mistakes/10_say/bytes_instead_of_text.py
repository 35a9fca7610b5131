# said: hears
def say(rooms, room, text):
    for member in list(rooms.get(room, ())):
        try:
            member.send(text.encode())
        except ConnectionClosed:
            rooms[room].discard(member)
    if room in rooms and not rooms[room]:
        del rooms[room]
