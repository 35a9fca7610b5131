# said: the sender
def tell_others(socks, sender, data):
    for sock in socks:
        sock.sendall(data)
