# said: offer the operating system all of it
def send_what_fits(sock, outbox):
    try:
        taken = sock.send(outbox[:1])
    except BlockingIOError:
        taken = 0
    del outbox[:taken]
