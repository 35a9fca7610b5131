# said: its outbox should be no bytes
def send_what_fits(sock, outbox):
    try:
        sent = sock.send(outbox)
    except BlockingIOError:
        return
    del outbox[: sent - 1]
