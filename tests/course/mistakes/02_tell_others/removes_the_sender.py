# said: no client has left
def tell_others(socks, sender, data):
    socks.remove(sender)
    for sock in socks:
        sock.sendall(data)
