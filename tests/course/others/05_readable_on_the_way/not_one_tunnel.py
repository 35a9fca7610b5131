def readable_on_the_way(path):
    one_tunnel = len(path) == 1 and path[0] == "tls"
    return not one_tunnel
