# said: what a client that is not frozen should get
def send_what_fits(sock, outbox):
    try:
        sent = sock.send(outbox[10:])
    except BlockingIOError:
        return
    del outbox[: 10 + sent]
