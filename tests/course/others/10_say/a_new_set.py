def say(rooms, room, text):
    if room not in rooms:
        return
    here = set()
    for member in rooms[room]:
        try:
            member.send(text)
            here.add(member)
        except ConnectionClosed:
            continue
    rooms[room] = here
    if not here:
        rooms.pop(room)
