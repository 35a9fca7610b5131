def tell_others(socks, sender, data):
    for sock in socks:
        if sock is sender:
            continue
        rest = memoryview(data)
        while rest:
            rest = rest[sock.send(rest) :]
