# said: should be True
def readable_on_the_way(path):
    return "tls" not in path
