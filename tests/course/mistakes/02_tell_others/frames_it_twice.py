# said: should get the message
def tell_others(socks, sender, data):
    for sock in socks:
        if sock is not sender:
            sock.sendall(serialize(data.decode()))
