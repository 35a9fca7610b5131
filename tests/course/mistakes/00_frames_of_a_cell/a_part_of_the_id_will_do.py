# said: those of others do not count
def frames_of_a_cell(messages, id):
    return sum(id in m.id or id in m.parent for m in messages)
