def readable_on_the_way(path):
    return "plain" in path or len(path) > 1
