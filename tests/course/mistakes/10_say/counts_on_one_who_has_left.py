# said: your code raised UnboundLocalError
def say(rooms, room, text):
    for member in list(rooms.get(room, ())):
        try:
            member.send(text)
        except ConnectionClosed:
            gone = member
    rooms[room].discard(gone)
    if not rooms[room]:
        del rooms[room]
