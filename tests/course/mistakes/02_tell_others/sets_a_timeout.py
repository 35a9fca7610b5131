# said: timeout
def tell_others(socks, sender, data):
    for sock in socks:
        if sock is not sender:
            sock.settimeout(0.5)
            sock.sendall(data)
