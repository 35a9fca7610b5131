# said: ['plain'] should be True
def readable_on_the_way(path):
    return len(path) > 1
