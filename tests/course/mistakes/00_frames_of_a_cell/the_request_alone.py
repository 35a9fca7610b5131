# said: should be
def frames_of_a_cell(messages, id):
    return sum(m.id == id for m in messages)
