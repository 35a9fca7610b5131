def frames_of_a_cell(messages, id):
    return sum(id == message.id or id == message.parent for message in messages)
