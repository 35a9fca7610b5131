# said: is wrong
def send_what_fits(sock, outbox):
    try:
        taken = sock.send(outbox)
    except BlockingIOError:
        taken = 0
    del outbox[len(outbox) - taken :]
