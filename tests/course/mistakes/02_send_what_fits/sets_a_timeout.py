# said: timeout
def send_what_fits(sock, outbox):
    sock.settimeout(0.5)
    try:
        taken = sock.send(outbox)
    except TimeoutError:
        taken = 0
    del outbox[:taken]
