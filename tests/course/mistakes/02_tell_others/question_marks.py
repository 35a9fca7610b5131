# said: should get the message
def tell_others(socks, sender, data):
    for s in socks:
        if s is not sender:
            s.sendall(data.decode("utf-8").encode("ascii", "replace"))
