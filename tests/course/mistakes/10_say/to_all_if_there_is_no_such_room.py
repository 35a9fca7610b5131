# said: what Ana in tea hears
def say(rooms, room, text):
    for member in list(rooms.get(room) or set().union(*rooms.values())):
        try:
            member.send(text)
        except ConnectionClosed:
            rooms[room].discard(member)
    if room in rooms and not rooms[room]:
        del rooms[room]
