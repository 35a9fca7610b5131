# said: those of others do not count
def frames_of_a_cell(messages, id):
    return len(messages)
