# said: ['tls'] should be False
def readable_on_the_way(path):
    return True
