# said: its members
def say(rooms, room, text):
    for member in list(rooms.get(room, ())):
        try:
            member.send(text)
        except ConnectionClosed:
            pass
    if room in rooms and all(member.gone for member in rooms[room]):
        del rooms[room]
