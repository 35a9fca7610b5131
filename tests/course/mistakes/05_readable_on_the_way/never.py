# said: should be
def readable_on_the_way(path):
    return False
