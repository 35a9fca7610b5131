# said: the sender
def tell_others(socks, sender, data):
    sender.sendall(data)
