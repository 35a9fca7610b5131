# said: should get the message
def tell_others(socks, sender, data):
    for sock in [*socks, *socks]:
        if sock is not sender:
            sock.sendall(data)
