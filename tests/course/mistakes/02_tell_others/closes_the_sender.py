# said: socket is closed
def tell_others(socks, sender, data):
    for sock in socks:
        if sock is not sender:
            sock.sendall(data)
    sender.close()
