def send_what_fits(sock, outbox):
    _, room, _ = select.select([], [sock], [], 0)
    if room and outbox:
        with memoryview(outbox) as view:
            sent = sock.send(view)
        outbox[:] = outbox[sent:]
