def tell_others(socks, sender, data):
    for sock in socks:
        if sock.fileno() != sender.fileno():
            sock.sendall(data)
