# said: ['tls', 'tls']
def readable_on_the_way(path):
    return "plain" in path
