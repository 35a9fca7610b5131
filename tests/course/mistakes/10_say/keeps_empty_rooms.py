# said: when all 4 have left
def say(rooms, room, text):
    for member in list(rooms.get(room, ())):
        try:
            member.send(text)
        except ConnectionClosed:
            rooms[room].discard(member)
