# said: no longer among
def say(rooms, room, text):
    for member in list(rooms.pop(room, ())):
        try:
            member.send(text)
        except ConnectionClosed:
            pass
