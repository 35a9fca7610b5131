# said: are lost
def send_what_fits(sock, outbox):
    try:
        sock.send(outbox)
    except BlockingIOError:
        pass
    outbox.clear()
