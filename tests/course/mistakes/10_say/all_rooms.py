# said: coffee
def say(rooms, room, text):
    for name in list(rooms):
        for member in list(rooms[name]):
            try:
                member.send(text)
            except ConnectionClosed:
                rooms[name].discard(member)
        if not rooms[name]:
            del rooms[name]
