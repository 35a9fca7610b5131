# said: set the socket's timeout from 0.0 to None
def send_what_fits(sock, outbox):
    sock.setblocking(True)
    sock.sendall(outbox)
    outbox.clear()
