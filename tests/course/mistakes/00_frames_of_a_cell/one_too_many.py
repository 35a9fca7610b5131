# said: should be
def frames_of_a_cell(messages, id):
    return 2 + sum(m.parent == id for m in messages)
