# said: raised BlockingIOError
def send_what_fits(sock, outbox):
    sock.sendall(outbox)
    outbox.clear()
