def say(rooms, room, text):
    gone = []
    for member in rooms.get(room, []):
        try:
            member.send(text)
        except Exception:
            gone.append(member)
    if gone:
        rooms[room].difference_update(gone)
        if len(rooms[room]) == 0:
            del rooms[room]
