def send_what_fits(sock, outbox):
    while outbox:
        try:
            sent = sock.send(outbox[:65536])
        except BlockingIOError:
            break
        del outbox[:sent]
