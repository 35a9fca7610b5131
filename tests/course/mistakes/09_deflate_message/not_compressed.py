# said: should inflate to
def deflate_message(data):
    return data
