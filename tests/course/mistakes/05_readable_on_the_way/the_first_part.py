# said: should be True
def readable_on_the_way(path):
    return path[0] == "plain"
