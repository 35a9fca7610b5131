# said: raised BlockingIOError
def send_what_fits(sock, outbox):
    taken = sock.send(outbox)
    del outbox[:taken]
