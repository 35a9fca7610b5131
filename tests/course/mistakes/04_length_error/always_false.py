# said: should be True; got False
def length_error(data):
    return False
