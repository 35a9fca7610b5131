# said: should be
def frames_of_a_cell(messages, id):
    count = 0
    for message in messages:
        count += id in (message.id, message.parent)
        if message.says == "idle":
            return count
