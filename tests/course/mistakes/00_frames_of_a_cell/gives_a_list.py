# said: how many, as a number
def frames_of_a_cell(messages, id):
    return [m for m in messages if id in (m.id, m.parent)]
