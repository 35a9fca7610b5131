# said: the request itself
def frames_of_a_cell(messages, id):
    return sum(m.parent == id for m in messages)
