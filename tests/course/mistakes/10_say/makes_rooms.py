# said: the rooms
def say(rooms, room, text):
    members = rooms.setdefault(room, set())
    known = bool(members)
    for member in list(members):
        try:
            member.send(text)
        except ConnectionClosed:
            members.discard(member)
    if known and not members:
        del rooms[room]
