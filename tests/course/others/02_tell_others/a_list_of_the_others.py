def tell_others(socks, sender, data):
    others = [sock for sock in socks if sock != sender]
    for sock in others:
        sock.sendall(data)
