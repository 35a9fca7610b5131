# said: still in coffee
def say(rooms, room, text):
    for member in list(rooms.get(room, ())):
        try:
            member.send(text)
        except ConnectionClosed:
            rooms[room].discard(member)
        for name in rooms:
            if name != room:
                rooms[name].discard(member)
    if room in rooms and not rooms[room]:
        del rooms[room]
