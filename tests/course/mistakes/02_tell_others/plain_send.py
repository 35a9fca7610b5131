# said: send takes what there is room for
def tell_others(socks, sender, data):
    for sock in socks:
        if sock is not sender:
            sock.send(data)
