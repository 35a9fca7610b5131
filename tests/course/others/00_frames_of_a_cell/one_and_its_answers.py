def frames_of_a_cell(messages, id):
    return 1 + len([message for message in messages if message.parent == id])
