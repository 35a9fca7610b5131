# said: waited for the frozen client
def send_what_fits(sock, outbox):
    while outbox:
        try:
            del outbox[: sock.send(outbox)]
        except BlockingIOError:
            continue
